#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/exporters/exporter.h"
#include "tests/support/contract_server.h"
#include "tests/support/line_reader.h"
#include "tests/support/random_run.h"

namespace cbench {
namespace {

using testing::ContractServer;
using ::testing::HasSubstr;
using testing::HttpReply;
using testing::HttpRequest;
using testing::RandomRun;

class ExportTrace : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cbench-export-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    trace_ = folder_ / "trace.arrows";
    lines_ = folder_ / "trace.lp";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// Records a run and returns what a live export of it writes. Without `ended` the trace has no end.
  std::string record(RandomRun& run, bool ended) {
    run.header.plan.classes = {"shared", "jail"};
    run.header.plan.rules = {{"when hog.ipc < 1", 12, {}}};
    auto writer = TraceWriter::create(trace_.string(), run.header);
    EXPECT_TRUE(writer.ok()) << (writer.ok() ? "" : writer.error().message);
    LineProtocol protocol(run.spec, run.header, run.facts);
    std::string live;
    const auto event = [&](EventKind kind, int32_t slot, const std::string& text, int64_t code) {
      TraceEvent out;
      out.kind = kind;
      out.step = run.frame.step;
      out.slot = slot;
      out.text = text;
      out.code = code;
      (*writer)->event(out);
      protocol.event(out);
    };
    for (int step = 0; step < 40; ++step) {
      run.next_step();
      if (step == 0) event(EventKind::Start, 0, "4-5", 0);
      if (step == 9) event(EventKind::MissedSteps, -1, "", 3);
      (*writer)->sample(run.frame);
      protocol.sample(run.frame, live);
      for (uint64_t left = run.below(3); left > 0; --left) {
        const Decision decision = random_decision(run, static_cast<uint32_t>(left % 2));
        (*writer)->decision(decision, run.frame.wall_ns);
        protocol.decision(decision, live);
      }
      if (step % 10 == 5) EXPECT_TRUE((*writer)->flush().ok());
    }
    if (!ended) {
      EXPECT_TRUE((*writer)->flush().ok());
      return live;
    }
    TraceEnd end;
    end.step = run.frame.step;
    end.time_ns = run.frame.now_ns;
    end.wall_ns = run.frame.wall_ns;
    end.outcome = "ok";
    end.text = "max_t";
    end.samples = 40;
    EXPECT_TRUE((*writer)->close(end).ok());
    protocol.meta(end, live);
    return live;
  }

  static Decision random_decision(RandomRun& run, uint32_t ordinal) {
    Decision out;
    out.step = run.frame.step;
    out.time_ns = run.frame.now_ns;
    out.ordinal = ordinal;
    out.rule = static_cast<int32_t>(run.below(2)) - 1;
    out.verb = run.below(2) == 0 ? Verb::Move : Verb::Quota;
    out.slot = static_cast<int32_t>(run.below(3));
    out.cls = out.verb == Verb::Move ? 1 : -1;
    out.value = out.verb == Verb::Quota ? 0.25 : 0;
    out.outcome = static_cast<Outcome>(run.below(6));
    out.detail = run.text(8);
    out.why = run.text(8);
    return out;
  }

  Result<ExportReport> run_export(const RandomRun& run, const InfluxTarget& target = {}) {
    auto reader = TraceReader::open(trace_.string());
    if (!reader.ok()) return reader.error();
    return export_trace(**reader, run.spec, run.facts, target, lines_.string());
  }

  std::string written() const {
    std::ostringstream out;
    out << std::ifstream(lines_).rdbuf();
    return out.str();
  }

  std::filesystem::path folder_, trace_, lines_;
};

TEST_F(ExportTrace, a_trace_gives_the_same_bytes_as_the_live_export) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    RandomRun run(seed);
    std::filesystem::remove(trace_);
    const std::string live = record(run, true);
    const auto report = run_export(run);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(written(), live) << seed;
    testing::LineReader reader(live);
    EXPECT_EQ(report->stored, reader.read().value().size());
    EXPECT_EQ(report->problem, "");
  }
}

TEST_F(ExportTrace, a_server_gets_them_too) {
  RandomRun run(9);
  const std::string live = record(run, true);
  std::string got;
  ContractServer server([&](const HttpRequest& request) {
    got += request.body;
    return HttpReply{};
  });
  InfluxTarget target;
  target.host = server.address();
  target.org = "o";
  target.bucket = "b";
  const auto report = run_export(run, target);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(got, live);
  EXPECT_EQ(report->unsent + report->refused, 0u);
  EXPECT_FALSE(std::filesystem::exists(lines_));
}

TEST_F(ExportTrace, a_trace_without_an_end_says_so_in_its_meta_point) {
  RandomRun run(2);
  const std::string live = record(run, false);
  const auto report = run_export(run);
  ASSERT_TRUE(report.ok()) << report.error().message;
  const std::string text = written();
  ASSERT_TRUE(text.starts_with(live));
  const auto meta = testing::LineReader(std::string_view(text).substr(live.size())).read();
  ASSERT_TRUE(meta.has_value() && meta->size() == 1);
  EXPECT_EQ(meta->at(0).value<std::string>("outcome"), "cut_off");
  EXPECT_EQ(meta->at(0).value<int64_t>("samples"), 40);
  EXPECT_EQ(meta->at(0).value<int64_t>("missed_samples"), 3);
  EXPECT_EQ(meta->at(0).value<int64_t>("end_ns"), run.frame.wall_ns);
}

TEST_F(ExportTrace, other_containers_than_the_traces_are_refused) {
  RandomRun run(2);
  record(run, true);
  run.spec.containers[1].name.value = "somebody else";
  const auto report = run_export(run);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().exit, Exit::Invalid);
  EXPECT_FALSE(std::filesystem::exists(lines_));
}

TEST_F(ExportTrace, a_path_that_cannot_be_written_is_named) {
  RandomRun run(2);
  record(run, true);
  for (const char* path : {"absent/trace.lp", "/dev/full"}) {
    lines_ = path[0] == '/' ? std::filesystem::path(path) : folder_ / path;
    const auto report = run_export(run);
    ASSERT_FALSE(report.ok()) << path;
    EXPECT_EQ(report.error().exit, Exit::ExportPartial);
    EXPECT_THAT(report.error().message, HasSubstr(path));
  }
}

}  // namespace
}  // namespace cbench
