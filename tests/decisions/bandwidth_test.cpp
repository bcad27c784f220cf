// Memory bandwidth in percent and in bytes a second, and policies that are for hosts of either kind.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Scene scene_of(MbKind kind) {
  Scene s({"A"});
  s.with_rdt();
  s.facts.rdt.mb_allocation = kind != MbKind::None;
  if (kind == MbKind::Rate) {
    s.facts.rdt.mb_unit = MbUnit::EighthGBps;
    s.facts.rdt.mb_min = s.facts.rdt.mb_granularity = 1;
  }
  return s;
}

std::vector<Verb> acts(const Scene& s) {
  std::vector<Verb> verbs;
  for (const auto& use : s.compiled->plan.acts) verbs.push_back(use.what);
  return verbs;
}

/// The first lines of what a policy does in its first three steps on a host of a kind.
std::vector<std::string> played(MbKind kind, const std::string& body) {
  Scene s = scene_of(kind);
  s.play(policy("class shared default, jail\n" + body));
  s.run(3, {});
  return s.log;
}

TEST(bandwidth, a_rate_is_rounded_to_what_the_host_counts_in) {
  EXPECT_THAT(played(MbKind::Rate, R"(
    when step == 1step { mb_rate(jail) = 2.07GB/s; log "{mb_rate(jail)} {mb_rate(shared)}" }
    when step == 3step { mb_rate(jail) -= 1GB/s; mb_rate(shared) = 10MB/s; mb_rate(shared) = unlimited }
  )"),
              ElementsAre("1: mb_rate jail = 2.125GB/s", "1: log info: 1.979GiB/s unlimited",
                          "3: mb_rate jail = 1.125GB/s",
                          "3: mb_rate shared = 0.01GB/s (refused: 10 MB/s is below the minimum of 125 MB/s)",
                          "3: mb_rate shared = none (no change)"));
  Scene s = scene_of(MbKind::Rate);
  s.facts.rdt.mb_unit = MbUnit::MBps;
  s.facts.rdt.mb_min = 10;  // of the hardware, in percent: the kernel's loop takes any number of MiB/s
  s.play(policy("class shared default, jail\non begin { mb_rate(jail) = 3MiB/s }"));
  EXPECT_EQ(s.instance->goal().classes[1].mb, 3.0 * 1048576);
}

TEST(bandwidth, each_unit_is_refused_by_a_host_that_counts_in_the_other) {
  EXPECT_THAT(played(MbKind::Rate, "on begin { mb(jail) = 40%; log \"{mb(jail)}\" }"),
              ElementsAre(HasSubstr("mb jail = 40% (refused: `mb` is a percentage, and this host"),
                          "0: log info: 100%"));
  EXPECT_THAT(played(MbKind::Percent, "on begin { mb_rate(jail) = 4GB/s }"),
              ElementsAre(HasSubstr("mb_rate jail = 4GB/s (refused: `mb_rate` is in bytes a second, and")));
  EXPECT_THAT(played(MbKind::None, "on begin { mb_rate(jail) = 4GB/s }"),
              ElementsAre(HasSubstr("this host's RDT has no memory bandwidth allocation")));
}

TEST(bandwidth, a_policy_for_both_needs_on_each_host_what_is_done_there) {
  const char* kBoth[] = {
      "on begin { if host.mb_kind == percent { mb(jail) = 40% } else if host.mb_kind == rate { mb_rate(jail) "
      "= 4GB/s } }",
      "on begin { match host.mb_kind { percent -> mb(jail) = 40%; rate -> mb_rate(jail) = 4GB/s; none -> { } "
      "} }",
      "on begin { if host.mb_kind == none { return }\n if host.mb_kind != percent { mb_rate(jail) = 4GB/s; "
      "return }\n"
      " mb(jail) = 40% }",
      "fn less() -> plan { if not (host.mb_kind == percent) { mb_rate(jail) = 4GB/s } else { mb(jail) = 40% "
      "} }\n"
      "on begin { if host.mb_kind == percent or host.mb_kind == rate { less() } }",
      "when step == 1step and host.mb_kind == percent { mb(jail) = 40% }\n"
      "when rate == host.mb_kind and step == 1step { mb_rate(jail) = 4GB/s }"};
  for (const char* body : kBoth) {
    for (const MbKind kind : {MbKind::Percent, MbKind::Rate, MbKind::None}) {
      Scene s = scene_of(kind);
      s.play(policy("class shared default, jail\n" + std::string(body)));
      s.run(1, {});
      const bool percent = kind == MbKind::Percent;
      if (kind == MbKind::None) {
        EXPECT_TRUE(acts(s).empty()) << body;
        EXPECT_TRUE(s.log.empty()) << body;
        continue;
      }
      EXPECT_THAT(acts(s), ElementsAre(percent ? Verb::Mb : Verb::MbRate)) << body;
      EXPECT_THAT(s.log, ElementsAre(HasSubstr(percent ? ": mb jail = 40%" : ": mb_rate jail = 4GB/s")))
          << body;
    }
  }
}

TEST(bandwidth, what_is_not_asked_for_first_is_needed_everywhere) {
  Scene s = scene_of(MbKind::Rate);
  s.play(
      policy("class shared default, jail\nfn less() -> plan { mb(jail) -= 10% }\n"
             "on begin { if host.mb_kind == percent { less() } }\non end { less() }"));
  EXPECT_THAT(acts(s), Contains(Verb::Mb));
  s.play(
      policy("class shared default, jail\nfn less() -> plan { mb(jail) -= 10% }\n"
             "on begin { if host.mb_kind == percent { less() } }"));
  EXPECT_THAT(acts(s), Not(Contains(Verb::Mb)));
}

TEST(bandwidth, a_metric_that_is_read_on_other_hosts_only_need_not_be_measured) {
  const std::string body = policy(
      "when step > 0 each c in all where host.mb_kind == percent { }\n"
      "every 1s { if host.mb_kind == percent { for c in all { log \"{c.rdt.mba_throttle}\" } } }");
  Scene s = scene_of(MbKind::Rate);
  s.absent = {Metric::rdt_mba_throttle};
  EXPECT_EQ(s.compile(body), "");
  s = scene_of(MbKind::Percent);
  s.absent = {Metric::rdt_mba_throttle};
  EXPECT_THAT(s.compile(body), HasSubstr("the policy reads `rdt.mba_throttle`, which `A` does not measure"));
}

TEST(bandwidth, what_a_stream_needs_by_way_of_others_and_prev_is_needed_on_each_host) {
  const std::string throttled = "(c.rdt.mba_throttle > 50%) ?? false";
  const std::string only = "(host.mb_kind == percent and (" + throttled + ")) or ";
  Scene s = scene_of(MbKind::Rate);
  s.absent = {Metric::rdt_mba_throttle};
  EXPECT_THAT(s.compile(policy("stream first(c) = " + only + "(second(c) ?? false)\n" +
                               "stream second(c) = " + only + "(third(c) ?? false)\n" +
                               "stream third(c) = prev(fourth(c)) ?? false\n" + "stream fourth(c): bool = " +
                               throttled + "\n" + "when first(c) each c in all { log \"{c}\" }")),
              HasSubstr("the policy reads `rdt.mba_throttle`, which `A` does not measure"));
}

TEST(bandwidth, beside_the_kind_a_word_is_a_kind_whatever_else_has_its_name) {
  const std::string own =
      "enum load { none, percent, high }\nstate l: load = none\non begin {\n"
      "if host.mb_kind == none { log \"no limits\" }\nif percent != host.mb_kind { log \"no percent\" }\n"
      "if l == none { log \"no load\" }\nmatch host.mb_kind { none -> log \"none\"; else -> { } }\n}";
  EXPECT_THAT(played(MbKind::None, own), ElementsAre("0: log info: no limits", "0: log info: no percent",
                                                     "0: log info: no load", "0: log info: none"));
  EXPECT_THAT(played(MbKind::Percent, own), ElementsAre("0: log info: no load"));
  EXPECT_THAT(played(MbKind::Percent,
                     "param percent: ratio = 10%\nclass a, b\non begin { if host.mb_kind == "
                     "percent { mb(a) = percent } else { mb_rate(a) = 1GB/s } }"),
              Contains(HasSubstr("mb a = 10%")));
}

TEST(bandwidth, the_kind_is_an_enum_of_the_languages_own) {
  EXPECT_THAT(played(MbKind::None, "on begin { log \"{host.mb_kind}\" }"), ElementsAre("0: log info: none"));
  Scene s({"A"});
  EXPECT_THAT(
      s.compile(policy("state k: mb_kind = rate\nevery 1s { if host.mb_kind == rate { log \"x\" } }")),
      HasSubstr("a state cannot be `mb_kind`"));
  EXPECT_THAT(s.compile(policy("every 1s { match host.mb_kind { percent -> log \"x\" } }")),
              HasSubstr("`rate`"));
  EXPECT_THAT(s.compile(policy("class a default\non begin { mb_rate(a) = 50% }")),
              HasSubstr("`mb_rate` wants bytes/s"));
}

}  // namespace
}  // namespace cbench::test
