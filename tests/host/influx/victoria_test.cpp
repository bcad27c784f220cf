// Export to a real VictoriaMetrics by /api/v2/write, read back by /api/v1/export.
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/exporters/live_exporter.h"
#include "tests/support/child_server.h"
#include "tests/support/line_reader.h"
#include "tests/support/random_run.h"

namespace cbench {
namespace {

using nlohmann::json;
using testing::ChildServer;
using testing::FieldValue;
using testing::Point;

/// Figures that VictoriaMetrics, which holds doubles at ms, can hold exactly: whole numbers below 2^53,
/// dyadic fractions.
void fill_exact(testing::RandomRun& run) {
  for (size_t column = 0; column < run.frame.columns().size(); ++column)
    for (size_t row = 0; row <= run.frame.slots(); ++row) {
      const auto whole = static_cast<int64_t>(run.below(1'000'000));
      switch (info(run.frame.columns()[column]).type) {
        case MetricType::I64:
          run.frame.set_i64(column, row, whole);
          break;
        case MetricType::F64:
          run.frame.set_f64(column, row, static_cast<double>(whole) / 8);
          break;
        case MetricType::Str:
          run.frame.set_text(column, row, "text");
          break;
      }
      if (run.below(3) == 0) run.frame.set_missing(column, row, Status::NotDue);
    }
}

class VictoriaMetrics : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string address = "127.0.0.1:" + std::to_string(testing::free_port());
    base_ = "http://" + address;
    server_.start({"/usr/bin/victoria-metrics", "-httpListenAddr=" + address,
                   "-storageDataPath=" + (server_.folder() / "data").string(), "-retentionPeriod=100y",
                   "-search.latencyOffset=0s"});
    ASSERT_TRUE(server_.ready(base_ + "/health")) << "is victoria-metrics installed?";
    target_.host = address;
    target_.bucket = "bench";
    target_.org = "lab";
    target_.token = "t";
  }

  using Series = std::map<std::string, std::map<int64_t, double>>;

  /// Series (name and sorted labels) → time in ms → value. New series can be found only after a while: waits
  /// until there are `values` values, for 20 s at most.
  Series read_back(size_t values) {
    Series out;
    for (int i = 0; i < 40; ++i) {
      testing::http(base_ + "/internal/force_flush");
      out = read_now();
      size_t found = 0;
      for (const auto& [name, series] : out) found += series.size();
      if (found >= values) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    return out;
  }

  Series read_now() {
    const auto answer =
        testing::http(base_ + "/api/v1/export?match[]=" + testing::url_quoted("{benchmark_id!=\"\"}"));
    EXPECT_EQ(answer.status, 200);
    Series out;
    std::istringstream rows(answer.body);
    for (std::string row; std::getline(rows, row);) {
      const json series = json::parse(row);
      auto& values = out[series["metric"].dump()];
      for (size_t i = 0; i < series["timestamps"].size(); ++i)
        values[series["timestamps"][i].get<int64_t>()] = series["values"][i].get<double>();
    }
    return out;
  }

  ChildServer server_;
  std::string base_;
  InfluxTarget target_;
};

/// The same map from the lines themselves. Texts are no figures there: VictoriaMetrics holds 0 for them.
std::map<std::string, std::map<int64_t, double>> series_of(const std::string& lines) {
  std::map<std::string, std::map<int64_t, double>> out;
  testing::LineReader reader(lines);
  const auto points = reader.read();
  EXPECT_TRUE(points.has_value()) << reader.problem;
  for (const Point& point : points.value())
    for (const auto& [name, value] : point.fields) {
      json labels = json::object({{"__name__", point.measurement + "_" + name}});
      for (const auto& [key, tag] : point.tags) labels[key] = tag;
      double number = 0;
      if (const auto* integer = std::get_if<int64_t>(&value)) number = static_cast<double>(*integer);
      if (const auto* real = std::get_if<double>(&value)) number = *real;
      out[labels.dump()][point.time_ns / 1'000'000] = number;
    }
  return out;
}

TEST_F(VictoriaMetrics, every_figure_that_was_sent_is_read_back) {
  testing::RandomRun run(7, 4);
  run.header.start_wall_ns =
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1) * 1'000'000 -
      60'000'000'000;
  LineProtocol protocol(run.spec, run.header, run.facts);
  std::string all;
  LiveExporter exporter(target_);
  for (int step = 0; step < 100; ++step) {
    run.next_step();
    fill_exact(run);
    std::string lines;
    protocol.sample(run.frame, lines);
    all += lines;
    exporter.push(std::move(lines));
  }
  const ExportReport report = exporter.finish(std::chrono::seconds(30));
  EXPECT_EQ(report.problem, "");
  EXPECT_EQ(report.unsent + report.refused, 0u);
  auto want = series_of(all);
  size_t sent = 0;
  for (const auto& [name, series] : want) sent += series.size();
  auto got = read_back(sent);
  // Whether texts are held as 0 or not at all is the server's affair.
  for (auto* side : {&want, &got})
    std::erase_if(*side, [](const auto& series) {
      return series.first.find("class_name") != std::string::npos ||
             series.first.find("mon_group_name") != std::string::npos ||
             series.first.find("l3_cache_allocation\"") != std::string::npos;
    });
  ASSERT_EQ(got.size(), want.size());
  size_t values = 0;
  for (const auto& [name, series] : want) {
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_EQ(got[name], series) << name;
    values += series.size();
  }
  EXPECT_GT(values, 10'000u);
}

TEST_F(VictoriaMetrics, sending_twice_stores_once) {
  const int64_t now =
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1) * 1'000'000;
  std::string lines;
  for (int i = 0; i < 10; ++i)
    lines += "benchmark_metrics,benchmark_id=r v=" + std::to_string(i) + "i " +
             std::to_string(now - i * 1'000'000) + "\n";
  InfluxSender sender(target_);
  sender.send(lines);
  const auto once = read_back(10);
  sender.send(lines);
  EXPECT_EQ(sender.report().stored, 20u);
  EXPECT_EQ(read_back(10), once);
  ASSERT_EQ(once.size(), 1u);
  EXPECT_EQ(once.begin()->second.size(), 10u);
}

TEST_F(VictoriaMetrics, a_server_that_goes_away_leaves_the_rest_unsent) {
  InfluxSender before(target_);
  before.send("benchmark_metrics,benchmark_id=r v=1i 1700000000000000000\n");
  EXPECT_EQ(before.report().stored, 1u);
  server_.end();
  SendLimits limits;
  limits.first_pause = std::chrono::milliseconds(10);
  limits.give_up_after = std::chrono::milliseconds(300);
  InfluxSender after(target_, limits);
  after.send("benchmark_metrics,benchmark_id=r v=1i 1700000000000000001\n");
  EXPECT_EQ(after.report().unsent, 1u);
  EXPECT_THAT(after.report().problem, ::testing::HasSubstr(target_.host));
}

}  // namespace
}  // namespace cbench
