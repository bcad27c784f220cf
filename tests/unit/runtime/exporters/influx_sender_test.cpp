#include <cstdlib>
#include <ctime>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "influx_requests.h"
#include "runtime/exporters/exporter.h"
#include "tests/support/contract_server.h"
#include "tests/support/line_reader.h"

namespace cbench {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(InfluxSender, a_write_is_the_request_that_influxdb_2_documents) {
  ContractServer server(in_order({}));
  InfluxSender sender(target(server), quick());
  sender.send(lines(0, 3));
  ASSERT_EQ(server.requests().size(), 1u);
  HttpRequest request = server.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/api/v2/write?org=lab%26co&bucket=my%20bucket&precision=ns");
  EXPECT_EQ(request.headers["authorization"], std::string("Token ") + kToken);
  EXPECT_EQ(request.headers["content-encoding"], "gzip");
  EXPECT_EQ(request.body, lines(0, 3));
  EXPECT_EQ(sender.report().stored, 3u);
  EXPECT_EQ(sender.report().problem, "");
}

TEST(InfluxSender, an_empty_org_means_influxdb_1_with_a_user) {
  ContractServer server(in_order({}));
  InfluxTarget to = target(server);
  to.host = "http://" + to.host + "/proxy/";
  to.org = "";
  to.user = "bob";
  InfluxSender sender(to, quick());
  sender.send(lines(0, 1));
  HttpRequest request = server.requests().at(0);
  EXPECT_EQ(request.target, "/proxy/write?db=my%20bucket&precision=ns");
  EXPECT_EQ(request.headers["authorization"], "Basic Ym9iOnMzY3JldC10MGtlbg==");
}

TEST(InfluxSender, a_request_has_at_most_5000_lines) {
  ContractServer server(in_order({}));
  InfluxSender sender(target(server));
  sender.send(lines(0, 12'001));
  std::vector<size_t> sizes;
  for (const HttpRequest& request : server.requests()) sizes.push_back(count(request.body));
  EXPECT_THAT(sizes, ElementsAre(5000, 5000, 2001));
  EXPECT_EQ(sender.report().stored, 12'001u);
}

TEST(InfluxSender, a_request_stays_below_its_size_and_a_point_with_line_breaks_is_one_line) {
  ContractServer server(in_order({}));
  SendLimits limits = quick();
  limits.request_bytes = 100;
  InfluxSender sender(target(server), limits);
  sender.send(lines(0, 10, "v=\"a\nb\""));
  EXPECT_EQ(sender.report().stored, 10u);
  std::string all;
  for (const HttpRequest& request : server.requests()) {
    EXPECT_LE(request.body.size(), 100u);
    EXPECT_TRUE(testing::LineReader(request.body).read().has_value());
    all += request.body;
  }
  EXPECT_EQ(all, lines(0, 10, "v=\"a\nb\""));
}

TEST(InfluxSender, a_bad_line_is_found_and_only_it_is_refused) {
  std::multiset<std::string> stored;
  ContractServer server([&](const HttpRequest& request) {
    if (request.body.find("bad") != std::string::npos)
      return answer(400,
                    R"({"code":"invalid","message":"unable to parse 'm,t=a bad': missing field value"})");
    for (size_t at = 0; at < request.body.size();) {
      const size_t end = request.body.find('\n', at) + 1;
      stored.insert(request.body.substr(at, end - at));
      at = end;
    }
    return HttpReply{};
  });
  InfluxSender sender(target(server), quick());
  sender.send(lines(0, 700) + lines(700, 1, "bad") + lines(701, 299));
  const ExportReport report = sender.report();
  EXPECT_EQ(report.stored, 999u);
  EXPECT_EQ(report.refused, 1u);
  EXPECT_EQ(report.unsent, 0u);
  EXPECT_THAT(report.problem, HasSubstr("missing field value"));
  EXPECT_THAT(report.problem, HasSubstr("m,t=a bad 700"));
  EXPECT_EQ(stored.size(), 999u);
  EXPECT_EQ(std::set<std::string>(stored.begin(), stored.end()).size(), 999u);
  EXPECT_LE(server.requests().size(), 2 * 10 + 1u) << "bisection is logarithmic";
}

TEST(InfluxSender, a_server_that_refuses_everything_is_not_asked_for_ever) {
  ContractServer server([](const HttpRequest&) { return answer(400, "no"); });
  InfluxSender sender(target(server), quick());
  sender.send(lines(0, 5000));
  const ExportReport report = sender.report();
  EXPECT_EQ(report.stored, 0u);
  EXPECT_EQ(report.refused, 100u);
  EXPECT_EQ(report.unsent, 4900u);
  EXPECT_LT(server.requests().size(), 300u);
  EXPECT_THAT(report.problem, HasSubstr("none was stored"));
}

TEST(InfluxSender, a_refused_credential_or_a_missing_bucket_stops_with_the_remedy) {
  struct Case {
    int status;
    const char *body, *want;
  };
  for (const Case& c :
       {Case{401, R"({"code":"unauthorized","message":"unauthorized access s3cret-t0ken"})",
             "INFLUXDB_TOKEN"},
        Case{403, "", "may write to bucket `my bucket`"},
        Case{404, R"({"code":"not found","message":"bucket \"my bucket\" not found"})",
             "create bucket `my bucket`"},
        Case{302, "moved", "benchmark.data.db.host"}, Case{200, "<html>", "benchmark.data.db.host"}}) {
    ContractServer server([&](const HttpRequest&) { return answer(c.status, c.body); });
    InfluxSender sender(target(server), quick());
    sender.send(lines(0, 10));
    sender.send(lines(10, 10));
    EXPECT_EQ(server.requests().size(), 1u) << c.status;
    const ExportReport report = sender.report();
    EXPECT_EQ(report.unsent, 20u);
    EXPECT_EQ(report.stored + report.refused, 0u);
    EXPECT_THAT(report.problem, HasSubstr(c.want));
    EXPECT_THAT(report.problem, HasSubstr(std::to_string(c.status)));
    EXPECT_THAT(report.problem, Not(HasSubstr(kToken)));
  }
}

TEST(InfluxSender, a_request_that_is_too_large_is_halved) {
  ContractServer server([](const HttpRequest& r) { return answer(count(r.body) > 300 ? 413 : 204); });
  InfluxSender sender(target(server), quick());
  sender.send(lines(0, 1000));
  EXPECT_EQ(sender.report().stored, 1000u);
  EXPECT_EQ(server.requests().size(), 7u);
}

TEST(InfluxSender, a_single_line_that_is_too_large_is_refused) {
  ContractServer server(
      [](const HttpRequest& r) { return answer(r.body.find("big") != std::string::npos ? 413 : 204); });
  InfluxSender sender(target(server), quick());
  sender.send(lines(0, 3) + lines(3, 1, "v=\"big\"") + lines(4, 3));
  EXPECT_EQ(sender.report().stored, 6u);
  EXPECT_EQ(sender.report().refused, 1u);
}

TEST(InfluxSender, an_unprocessable_request_is_counted_and_never_sent_again) {
  ContractServer server(in_order({answer(422, R"({"message":"outside of the retention period"})")}));
  InfluxSender sender(target(server), quick());
  sender.send(lines(0, 10));
  sender.send(lines(10, 10));
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(server.requests()[1].body, lines(10, 10));
  EXPECT_EQ(sender.report().refused, 10u);
  EXPECT_EQ(sender.report().stored, 10u);
  EXPECT_THAT(sender.report().problem, HasSubstr("retention"));
}

TEST(InfluxSender, retry_after_is_honoured_in_both_forms) {
  char date[64];
  for (const bool as_date : {false, true}) {
    const time_t then = time(nullptr) + 2;
    tm utc{};
    gmtime_r(&then, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    ContractServer server(
        in_order({answer(as_date ? 503 : 429, "", {{"Retry-After", as_date ? date : "1"}})}));
    SendLimits limits = quick();
    limits.longest_pause = limits.give_up_after = milliseconds(10'000);
    InfluxSender sender(target(server), limits);
    const auto begin = std::chrono::steady_clock::now();
    sender.send(lines(0, 10));
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(sender.report().stored, 10u);
    EXPECT_EQ(server.requests().size(), 2u);
    EXPECT_GE(took, milliseconds(950)) << (as_date ? date : "seconds");
    EXPECT_LE(took, milliseconds(3500));
  }
}

TEST(InfluxSender, a_long_retry_after_is_capped) {
  ContractServer server(in_order({answer(503, "", {{"Retry-After", "86400"}})}));
  InfluxSender sender(target(server), quick());
  sender.send(lines(0, 10));
  EXPECT_EQ(sender.report().stored, 10u);
}

TEST(InfluxSender, server_errors_resets_and_slow_answers_are_tried_again) {
  HttpReply reset, slow;
  reset.reset = true;
  slow.delay_ms = 400;  // beyond the request's time
  ContractServer server(
      in_order({answer(500), reset, answer(503), slow, answer(502), answer(504), answer(408)}));
  SendLimits limits = quick();
  limits.give_up_after = milliseconds(10'000);
  InfluxSender sender(target(server), limits);
  sender.send(lines(0, 10));
  EXPECT_EQ(sender.report().stored, 10u);
  EXPECT_EQ(sender.report().problem, "") << "what succeeds in the end is no problem";
  EXPECT_EQ(server.requests().size(), 8u);
}

TEST(InfluxSender, an_absent_server_is_given_up_in_bounded_time) {
  InfluxTarget to;
  {
    const ContractServer gone(in_order({}));
    to = target(gone);
  }
  InfluxSender sender(to, quick());
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < 50; ++i) sender.send(lines(i * 10, 10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(3000));
  const ExportReport report = sender.report();
  EXPECT_EQ(report.unsent, 500u);
  EXPECT_THAT(report.problem, HasSubstr(to.host));
  EXPECT_THAT(report.problem, HasSubstr("cbench export"));
}

TEST(InfluxSender, after_giving_up_it_resumes_when_the_server_is_back) {
  std::atomic<bool> down = true;
  ContractServer server([&](const HttpRequest&) { return answer(down ? 500 : 204); });
  SendLimits limits = quick();
  limits.give_up_after = milliseconds(30);
  InfluxSender sender(target(server), limits);
  sender.send(lines(0, 10));
  EXPECT_EQ(sender.report().unsent, 10u);
  down = false;
  std::this_thread::sleep_for(milliseconds(20));
  sender.send(lines(10, 10));
  EXPECT_EQ(sender.report().stored, 10u);
}

TEST(InfluxSender, stop_at_breaks_off_a_pause_and_a_request) {
  HttpReply stuck;
  stuck.delay_ms = 20'000;
  for (const HttpReply& reply : {stuck, answer(503, "", {{"Retry-After", "60"}})}) {
    ContractServer server([&](const HttpRequest&) { return reply; });
    InfluxSender sender(target(server));  // limits of minutes
    const auto begin = std::chrono::steady_clock::now();
    std::thread stopper([&] {
      std::this_thread::sleep_for(milliseconds(200));
      sender.stop_at(std::chrono::steady_clock::now());
    });
    sender.send(lines(0, 10));
    stopper.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(4000));
    EXPECT_EQ(sender.report().unsent, 10u);
    EXPECT_NE(sender.report().problem, "");
  }
}

TEST(InfluxSender, an_incomplete_target_is_told_and_nothing_is_sent) {
  ContractServer server(in_order({}));
  InfluxTarget no_org = target(server), no_bucket = target(server), odd = target(server),
               broken = target(server);
  broken.token = std::string(kToken) + "\n";
  no_org.org.reset();
  no_bucket.bucket.clear();
  odd.host = "ftp://user:" + std::string(kToken) + "@x";
  for (const auto& [to, want] : {std::pair(no_org, "org"), std::pair(no_bucket, "name"),
                                 std::pair(odd, "host"), std::pair(broken, "password")}) {
    InfluxSender sender(to, quick());
    sender.send(lines(0, 2));
    EXPECT_EQ(sender.report().unsent, 2u);
    EXPECT_THAT(sender.report().problem, HasSubstr(std::string("benchmark.data.db.") + want));
    EXPECT_THAT(sender.report().problem, Not(HasSubstr(kToken)));
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(InfluxSender, credentials_in_the_address_are_never_shown) {
  ContractServer server(in_order({answer(403, "denied for s3cret-t0ken and hunter2")}));
  InfluxTarget to = target(server);
  to.host = "http://admin:hunter2@" + to.host;
  InfluxSender sender(to, quick());
  sender.send(lines(0, 2));
  EXPECT_THAT(sender.report().problem, HasSubstr("403"));
  EXPECT_THAT(sender.report().problem, Not(HasSubstr("hunter2")));
  EXPECT_THAT(sender.report().problem, Not(HasSubstr(kToken)));
}

}  // namespace
}  // namespace cbench
