// Export to a real InfluxDB 1.6 by /write; every field is read back by query with its value and its type.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/exporters/exporter.h"
#include "tests/support/child_server.h"
#include "tests/support/line_reader.h"
#include "tests/support/random_run.h"

namespace cbench {
namespace {

using nlohmann::json;
using testing::ChildServer;
using testing::FieldValue;
using testing::Point;

class Influxd : public ::testing::Test {
 protected:
  void SetUp() override {
    address_ = "127.0.0.1:" + std::to_string(testing::free_port());
    const std::string folder = server_.folder().string();
    const std::string rpc = "127.0.0.1:" + std::to_string(testing::free_port());
    std::ofstream(server_.folder() / "influxdb.conf")
        << "reporting-disabled = true\nbind-address = \"" << rpc << "\"\n[meta]\ndir = \"" << folder
        << "/meta\"\n[data]\ndir = \"" << folder << "/data\"\nwal-dir = \"" << folder
        << "/wal\"\n[monitor]\nstore-enabled = false\n[http]\nbind-address = \"" << address_
        << "\"\nauth-enabled = true\n";
    server_.start({"/usr/bin/influxd", "-config", folder + "/influxdb.conf"});
    ASSERT_TRUE(server_.ready("http://" + address_ + "/ping")) << "is influxdb installed?";
    query("CREATE USER admin WITH PASSWORD 'pw' WITH ALL PRIVILEGES");
    query("CREATE DATABASE bench");
    query("CREATE USER writer WITH PASSWORD 'wr'");
    query("GRANT WRITE ON bench TO writer");
    query("CREATE USER stranger WITH PASSWORD 'st'");
    target_.host = "http://" + address_;
    target_.bucket = "bench";
    target_.org = "";
    target_.user = "writer";
    target_.token = "wr";
  }

  json query(const std::string& text) {
    const std::string form = "db=bench&epoch=ns&q=" + testing::url_quoted(text);
    const auto answer = testing::http("http://" + address_ + "/query", &form, "admin:pw");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }

  /// Field → type of a measurement.
  std::map<std::string, std::string> types(const std::string& measurement) {
    std::map<std::string, std::string> out;
    const json result = query("SHOW FIELD KEYS FROM " + measurement);
    for (const auto& row : result["results"][0]["series"][0]["values"]) out[row[0]] = row[1];
    return out;
  }

  void expect_stored(const Point& point);

  std::string address_;
  ChildServer server_;
  InfluxTarget target_;
};

std::string type_of(const FieldValue& value) {
  constexpr const char* kTypes[] = {"integer", "float", "string", "boolean"};
  return kTypes[value.index()];
}

void Influxd::expect_stored(const Point& point) {
  std::string where = " WHERE time = " + std::to_string(point.time_ns);
  for (const auto& [key, value] : point.tags) {
    std::string quoted;
    for (const char c : value) {
      if (c == '\'' || c == '\\') quoted += '\\';
      quoted += c;
    }
    where += " AND \"" + key + "\" = '" + quoted + "'";
  }
  // The host's point has fewer tags than a container's of the same time.
  if (point.tag("container_index") == nullptr) where += " AND container_index = ''";
  const json result = query("SELECT * FROM " + point.measurement + where);
  ASSERT_TRUE(result["results"][0].contains("series")) << point.measurement << where;
  const json& series = result["results"][0]["series"];
  ASSERT_EQ(series.size(), 1u) << point.measurement << where << result.dump();
  ASSERT_EQ(series[0]["values"].size(), 1u) << where;
  std::map<std::string, json> row;
  for (size_t i = 0; i < series[0]["columns"].size(); ++i)
    if (!series[0]["values"][0][i].is_null()) row[series[0]["columns"][i]] = series[0]["values"][0][i];
  EXPECT_EQ(row.size(), point.fields.size() + point.tags.size() + 1) << "nothing but what was sent";
  for (const auto& [name, value] : point.fields) {
    ASSERT_TRUE(row.contains(name)) << name;
    if (const auto* integer = std::get_if<int64_t>(&value))
      EXPECT_EQ(row[name].get<int64_t>(), *integer) << name;
    if (const auto* real = std::get_if<double>(&value)) EXPECT_EQ(row[name].get<double>(), *real) << name;
    if (const auto* text = std::get_if<std::string>(&value))
      EXPECT_EQ(row[name].get<std::string>(), *text) << name;
    if (const auto* flag = std::get_if<bool>(&value)) EXPECT_EQ(row[name].get<bool>(), *flag) << name;
  }
}

TEST_F(Influxd, every_field_of_random_runs_is_read_back_with_its_type) {
  std::string lines;
  testing::RandomRun run(11, 4);
  run.header.policy_text = "policy \"x\" {\n  when hog.ipc < 1, foo=bar 1 {\n\tlog \"a\\b\"\n}\n";
  run.header.config_text += "# " + std::string(200'000, 'c') + "\n";
  run.header.plan.rules = {{"when x", 3, {}}};
  LineProtocol protocol(run.spec, run.header, run.facts);
  for (int step = 0; step < 8; ++step) {
    run.next_step();
    protocol.sample(run.frame, lines);
    for (uint32_t ordinal = 0; ordinal < 3; ++ordinal) {
      Decision decision;
      decision.step = run.frame.step;
      decision.ordinal = ordinal;
      decision.rule = 0;
      decision.verb = Verb::Quota;
      decision.slot = static_cast<int32_t>(run.below(4));
      decision.value = 0.5;
      decision.detail = run.text(10);
      decision.reason = "because \\ \"";
      protocol.decision(decision, lines);
    }
  }
  TraceEnd end;
  end.outcome = "ok";
  protocol.meta(end, lines);
  InfluxSender sender(target_);
  sender.send(lines);
  const ExportReport report = sender.report();
  ASSERT_EQ(report.problem, "");

  testing::LineReader reader(lines);
  const auto points = reader.read();
  ASSERT_TRUE(points.has_value()) << reader.problem;
  EXPECT_EQ(report.stored, points->size());
  std::map<std::string, std::map<std::string, std::string>> want;
  for (const Point& point : *points) {
    expect_stored(point);
    for (const auto& [name, value] : point.fields) want[point.measurement][name] = type_of(value);
  }
  EXPECT_EQ(want.size(), 3u);
  for (const auto& [measurement, fields] : want) EXPECT_EQ(types(measurement), fields) << measurement;
  EXPECT_TRUE(want["benchmark_meta"].contains("config_4"));
}

TEST_F(Influxd, a_line_of_another_type_is_the_only_one_refused) {
  InfluxSender sender(target_);
  sender.send("benchmark_metrics,benchmark_id=r v=1i 1\n");
  std::string lines;
  for (int i = 2; i < 500; ++i)
    lines += "benchmark_metrics,benchmark_id=r v=" + std::to_string(i) + (i == 321 ? ".5 " : "i ") +
             std::to_string(i) + "\n";
  sender.send(lines);
  const ExportReport report = sender.report();
  EXPECT_EQ(report.stored, 498u);
  EXPECT_EQ(report.refused, 1u);
  EXPECT_EQ(report.unsent, 0u);
  EXPECT_THAT(report.problem, ::testing::HasSubstr("field type conflict"));
  const json result = query("SELECT COUNT(v) FROM benchmark_metrics");
  EXPECT_EQ(result["results"][0]["series"][0]["values"][0][1], 498);
}

TEST_F(Influxd, a_wrong_password_a_missing_right_and_a_missing_database_stop_with_the_remedy) {
  struct Case {
    std::string user, password, database, want;
  };
  for (const Case& c :
       {Case{"writer", "wrong", "bench", "benchmark.data.db.user"}, Case{"stranger", "st", "bench", "WRITE"},
        Case{"admin", "pw", "absent", "create database `absent`"}}) {
    InfluxTarget to = target_;
    to.user = c.user;
    to.token = c.password;
    to.bucket = c.database;
    InfluxSender sender(to);
    sender.send("m v=1i 1\nm v=1i 2\n");
    EXPECT_EQ(sender.report().unsent, 2u);
    EXPECT_THAT(sender.report().problem, ::testing::HasSubstr(c.want));
  }
}

}  // namespace
}  // namespace cbench
