#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/exporters/exporter.h"
#include "runtime/exporters/line_syntax.h"
#include "runtime/exporters/sha256.h"
#include "tests/support/line_reader.h"
#include "tests/support/random_run.h"

namespace cbench {
namespace {

using testing::FieldValue;
using ::testing::HasSubstr;
using testing::LineReader;
using testing::Point;
using testing::RandomRun;

std::vector<Point> read(const std::string& text) {
  LineReader reader(text);
  auto points = reader.read();
  EXPECT_TRUE(points.has_value()) << reader.problem << "\n" << text.substr(0, 2000);
  return points.value_or(std::vector<Point>{});
}

/// What a tag holds after line protocol's limits: see append_tag.
std::string as_tag(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    if (c == '\\') c = '/';
  }
  return text;
}

/// The fields that a row must give, straight from the frame.
std::vector<std::pair<std::string, FieldValue>> expected(const Frame& frame, size_t row, MetricScope scope) {
  std::vector<std::pair<std::string, FieldValue>> out;
  for (size_t column = 0; column < frame.columns().size(); ++column) {
    const MetricInfo& metric = info(frame.columns()[column]);
    if (metric.scope != scope || !frame.has(column, row)) continue;
    const std::string field(metric.field);
    if (metric.type == MetricType::I64) out.emplace_back(field, frame.i64(column, row));
    if (metric.type == MetricType::F64 && std::isfinite(frame.f64(column, row)))
      out.emplace_back(field, frame.f64(column, row));
    if (metric.type == MetricType::Str) out.emplace_back(field, std::string(frame.text(column, row)));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

void expect_fields(Point point, const Frame& frame, size_t row, MetricScope scope) {
  std::sort(point.fields.begin(), point.fields.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto want = expected(frame, row, scope);
  ASSERT_EQ(point.fields.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(point.fields[i].first, want[i].first);
    EXPECT_EQ(point.fields[i].second, want[i].second) << want[i].first;
  }
}

TEST(LineProtocol, random_frames_are_read_back_with_the_same_values_and_types) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    RandomRun run(seed);
    LineProtocol protocol(run.spec, run.header, run.facts);
    for (int step = 0; step < 3; ++step) {
      run.next_step();
      std::string out;
      protocol.sample(run.frame, out);
      const auto points = read(out);
      size_t next = 0;
      for (size_t slot = 0; slot < run.frame.slots(); ++slot) {
        if (run.frame.running[slot] == 0) continue;
        ASSERT_LT(next, points.size());
        const Point& point = points[next++];
        EXPECT_EQ(point.measurement, "benchmark_metrics");
        EXPECT_EQ(point.time_ns, run.frame.wall_ns);
        EXPECT_EQ(*point.tag("benchmark_id"), run.header.run_id);
        EXPECT_EQ(*point.tag("container_name"), as_tag(run.spec.containers[slot].name.value));
        EXPECT_EQ(*point.tag("container_index"), std::to_string(run.spec.containers[slot].index));
        EXPECT_EQ(*point.tag("container_core"), to_list(run.spec.containers[slot].cores.value));
        EXPECT_EQ(*point.tag("host"), "node-1");
        const std::string& image = run.spec.containers[slot].image.value;
        EXPECT_EQ(point.tag("container_image") != nullptr, !image.empty());
        if (!image.empty()) EXPECT_EQ(*point.tag("container_image"), image);
        expect_fields(point, run.frame, slot, MetricScope::Container);
      }
      ASSERT_EQ(points.size(), next + 1) << "the host's point is the last";
      EXPECT_EQ(points[next].tag("container_name"), nullptr);
      EXPECT_EQ(points[next].tags.size(), 2u);
      expect_fields(points[next], run.frame, run.frame.host_row(), MetricScope::Host);
    }
  }
}

TEST(LineProtocol, types_are_written_as_influxdb_wants_them) {
  RandomRun run(1, 1);
  run.spec.containers[0].name.value = "web,a b=c\\";
  Frame frame({Metric::perf_cycles, Metric::docker_cpu_usage_percent, Metric::rdt_class_name}, 1);
  frame.running[0] = 1;
  frame.wall_ns = 42;
  frame.set_i64(0, 0, 7);
  frame.set_f64(1, 0, 0.1);
  frame.set_text(2, 0, "a\"b\\c,d e");
  std::string out;
  LineProtocol(run.spec, run.header, run.facts).sample(frame, out);
  EXPECT_EQ(out,
            "benchmark_metrics,benchmark_id=0190b1f2-7c1a-7d3e-8f00-0123456789ab,container_core=0-1\\,5,"
            "container_image=registry.local:5000/img\\,0\\=x,container_index=1,container_name=web\\,a\\ "
            "b\\=c/,host=node-1 "
            "perf_cycles=7i,docker_cpu_usage_percent=0.1,rdt_class_name=\"a\\\"b\\\\c,d e\" 42\n");
}

TEST(LineProtocol, a_point_without_a_value_is_not_written) {
  RandomRun run(1, 2);
  Frame frame(RandomRun::all_metrics(), 2);
  frame.running = {1, 1};
  std::string out;
  LineProtocol protocol(run.spec, run.header, run.facts);
  protocol.sample(frame, out);
  EXPECT_EQ(out, "");
  frame.set_f64(static_cast<size_t>(frame.column(Metric::docker_cpu_usage_percent)), 0, NAN);
  protocol.sample(frame, out);
  EXPECT_EQ(out, "") << "NaN is no value";
  frame.set_text(static_cast<size_t>(frame.column(Metric::rdt_class_name)), 1, "only text");
  protocol.sample(frame, out);
  const auto points = read(out);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].value<std::string>("rdt_class_name"), "only text");
}

TEST(LineProtocol, a_container_that_does_not_run_has_no_point) {
  RandomRun run(1, 2);
  Frame frame({Metric::perf_cycles}, 2);
  frame.set_i64(0, 0, 1);
  frame.set_i64(0, 1, 1);
  frame.running = {0, 1};
  std::string out;
  LineProtocol(run.spec, run.header, run.facts).sample(frame, out);
  ASSERT_EQ(read(out).size(), 1u);
  EXPECT_EQ(*read(out)[0].tag("container_index"), "3");
}

TEST(LineProtocol, the_core_tag_is_the_list_at_the_first_start_and_stays) {
  RandomRun run(1, 1);
  run.spec.containers[0].cores.value.reset();
  Frame frame({Metric::perf_cycles}, 1);
  frame.running[0] = 1;
  frame.set_i64(0, 0, 1);
  LineProtocol protocol(run.spec, run.header, run.facts);
  std::string out;
  protocol.sample(frame, out);
  EXPECT_EQ(read(out)[0].tag("container_core"), nullptr) << "not known yet";
  TraceEvent start;
  start.kind = EventKind::Start;
  start.slot = 0;
  for (const char* cores : {"2-3,7", "0"}) {
    start.text = cores;
    protocol.event(start);
    out.clear();
    protocol.sample(frame, out);
    EXPECT_EQ(*read(out)[0].tag("container_core"), "2-3,7");
  }
}

TEST(LineProtocol, decisions_of_one_step_have_different_times_from_the_samples_on) {
  RandomRun run(3);
  run.header.plan.classes = {"shared", "jail"};
  run.header.plan.rules = {{"when hog.ipc < 1", 12, {}}};
  LineProtocol protocol(run.spec, run.header, run.facts);
  run.next_step();
  std::string out;
  protocol.sample(run.frame, out);
  out.clear();
  Decision move;
  move.step = 1;
  move.rule = 0;
  move.verb = Verb::Move;
  move.slot = 1;
  move.cls = 1;
  move.outcome = Outcome::Refused;
  move.reason = "no \"way\" is left";
  move.why = "ipc = 0.4";
  for (const uint32_t ordinal : {0, 1, 5, 0, 1}) {  // two calls in one step
    move.ordinal = ordinal;
    protocol.decision(move, out);
  }
  Decision stop;
  stop.step = 9;  // after the last sample
  stop.time_ns = 900'000'000;
  stop.verb = Verb::Stop;
  stop.detail = "line\nbreak";
  protocol.decision(stop, out);
  const auto points = read(out);
  ASSERT_EQ(points.size(), 6u);
  constexpr int64_t kOffsets[] = {0, 1, 5, 6, 7};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(points[i].time_ns, run.frame.wall_ns + kOffsets[i]);
  EXPECT_EQ(points[5].time_ns, run.header.start_wall_ns + 900'000'000);
  const Point& first = points[0];
  EXPECT_EQ(first.measurement, "benchmark_actions");
  EXPECT_EQ(*first.tag("container_index"), "3");
  EXPECT_EQ(first.value<std::string>("what"), "move");
  EXPECT_EQ(first.value<std::string>("target"), run.spec.containers[1].name.value);
  EXPECT_EQ(first.value<std::string>("class"), "jail");
  EXPECT_EQ(first.value<std::string>("outcome"), "refused");
  EXPECT_EQ(first.value<int64_t>("policy_line"), 12);
  EXPECT_EQ(first.value<std::string>("rule"), "when hog.ipc < 1");
  EXPECT_EQ(first.value<std::string>("reason"), "no \"way\" is left");
  EXPECT_EQ(first.value<std::string>("why"), "ipc = 0.4");
  EXPECT_EQ(first.field("value"), nullptr) << "a move has no figure";
  EXPECT_EQ(points[5].tag("container_name"), nullptr);
  EXPECT_EQ(points[5].value<std::string>("detail"), "line\nbreak");
  EXPECT_EQ(points[5].field("policy_line"), nullptr);
}

TEST(LineProtocol, a_quota_without_limit_has_no_value_field) {
  RandomRun run(3);
  Decision quota;
  quota.verb = Verb::Quota;
  quota.slot = 0;
  quota.value = std::numeric_limits<double>::infinity();
  std::string out;
  LineProtocol protocol(run.spec, run.header, run.facts);
  protocol.decision(quota, out);
  quota.value = 2;
  protocol.decision(quota, out);
  const auto points = read(out);
  EXPECT_EQ(points[0].field("value"), nullptr);
  EXPECT_EQ(points[1].value<double>("value"), 2.0) << "whole numbers stay floats";
}

TEST(LineProtocol, meta_tells_what_ran_on_what_and_how_it_ended) {
  RandomRun run(5);
  run.header.policy_text = "abc";
  run.header.params = {{"threshold", "20%"}, {"mode", "a\"b"}};
  run.header.plan.policy = "fair_share";
  run.facts.cpus = {{0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}, {2, 1, 0, 0, 0}};
  run.facts.cpu_model = "CPU, with = signs";
  run.facts.rdt.absent_reason = "no resctrl";
  LineProtocol protocol(run.spec, run.header, run.facts);
  run.next_step();
  std::string lines, out;
  protocol.sample(run.frame, lines);
  TraceEnd end;
  end.step = 10;
  end.wall_ns = 77;
  end.time_ns = 66;
  end.outcome = "failed";
  end.text = "container `a` exited with 3";
  end.samples = 9;
  end.missed_steps = 1;
  protocol.event({.kind = EventKind::Image, .slot = 0, .text = "sha256:1 redis@sha256:2"});
  protocol.event({.kind = EventKind::Image, .slot = 1, .text = "sha256:3"});
  protocol.meta(end, out);
  const auto points = read(out);
  ASSERT_EQ(points.size(), 1u);
  const Point& meta = points[0];
  EXPECT_EQ(meta.measurement, "benchmark_meta");
  EXPECT_EQ(meta.time_ns, run.header.start_wall_ns);
  EXPECT_EQ(meta.tags.size(), 2u);
  EXPECT_EQ(meta.value<std::string>("config"), run.header.config_text);
  EXPECT_EQ(meta.value<std::string>("policy"), "abc");
  EXPECT_EQ(meta.value<std::string>("policy_sha256"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(meta.value<std::string>("parameters"), R"({"threshold":"20%","mode":"a\"b"})");
  const auto images = nlohmann::json::parse(meta.value<std::string>("images").value_or(""));
  EXPECT_EQ(images[run.spec.containers[0].name.value], "redis@sha256:2");
  EXPECT_EQ(images[run.spec.containers[1].name.value], "sha256:3");
  EXPECT_EQ(meta.value<std::string>("cpu_model"), "CPU, with = signs");
  EXPECT_EQ(meta.value<int64_t>("cpus"), 3);
  EXPECT_EQ(meta.value<int64_t>("cores"), 2);
  EXPECT_EQ(meta.value<bool>("rdt"), false);
  EXPECT_EQ(meta.value<std::string>("outcome"), "failed");
  EXPECT_EQ(meta.value<int64_t>("samples"), 9);
  EXPECT_EQ(meta.value<int64_t>("missed_samples"), 1);
  EXPECT_EQ(meta.value<int64_t>("bytes"), static_cast<int64_t>(lines.size()));
  size_t values = 0;
  for (const Point& point : read(lines)) values += point.fields.size();
  EXPECT_EQ(meta.value<int64_t>("measurements"), static_cast<int64_t>(values));
}

TEST(LineSyntax, a_long_text_is_split_between_characters_and_joins_again) {
  for (size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 2 * kMaxFieldText + 100) text += "€\"";  // three bytes and one that is escaped
    std::string fields;
    append_field("config", text, fields);
    const auto points = read("m " + fields.substr(1) + " 1\n");
    ASSERT_EQ(points.size(), 1u);
    ASSERT_EQ(points[0].fields.size(), 3u);
    std::string joined;
    for (const char* name : {"config", "config_2", "config_3"}) {
      const std::string part = points[0].value<std::string>(name).value();
      EXPECT_FALSE(part.empty() || (static_cast<unsigned char>(part[0]) & 0xC0) == 0x80) << "torn character";
      joined += part;
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(LineSyntax, bytes_that_are_no_utf8_are_replaced_and_split_too) {
  std::string fields;
  append_field("t", std::string(kMaxFieldText, '\x80'), fields);
  std::string want;
  for (size_t i = 0; i < kMaxFieldText; ++i) want += "\uFFFD";
  append_tag("tag", "a\xC3", fields);
  EXPECT_TRUE(fields.ends_with(",tag=a\uFFFD"));
  const auto points =
      read("m " + fields.substr(1, fields.size() - 1 - std::string(",tag=a\uFFFD").size()) + " 1\n");
  std::string joined;
  for (const auto& [name, value] : points.at(0).fields) joined += std::get<std::string>(value);
  EXPECT_EQ(points[0].fields.size(), 3u) << "65535 is a multiple of 3: three full parts";
  EXPECT_EQ(joined, want);
}

TEST(LineSyntax, a_point_ends_at_a_line_break_outside_of_strings) {
  const std::string first = "m,tag=a\"b s=\"x\ny\\\"\nz\",n=1i 1\n", second = "m,tag=\" v=2 2\n";
  EXPECT_EQ(point_end(first + second, 0), first.size());
  EXPECT_EQ(point_end(first + second, first.size()), first.size() + second.size());
  EXPECT_EQ(count_points(first + "\n" + second + "m v=3 3"), 3u);
  EXPECT_EQ(count_points(""), 0u);
}

TEST(Sha256, agrees_with_the_standards_examples_around_block_borders) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace cbench
