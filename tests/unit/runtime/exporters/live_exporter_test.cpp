#include "runtime/exporters/live_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/contract_server.h"

namespace cbench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ContractServer;
using ::testing::HasSubstr;
using testing::HttpReply;
using testing::HttpRequest;

InfluxTarget target(const ContractServer& server) {
  InfluxTarget out;
  out.host = server.address();
  out.bucket = "b";
  out.org = "o";
  return out;
}

std::string line(int time) { return "m v=1i " + std::to_string(time) + "\n"; }

TEST(LiveExporter, lines_of_many_steps_arrive_in_order_in_few_requests) {
  ContractServer server([](const HttpRequest&) { return HttpReply{}; });
  LiveExporter exporter(target(server));
  std::string want;
  for (int i = 0; i < 500; ++i) {
    exporter.push(line(i));
    want += line(i);
  }
  const ExportReport report = exporter.finish(milliseconds(10'000));
  EXPECT_EQ(report.stored, 500u);
  EXPECT_EQ(report.problem, "");
  std::string got;
  for (const HttpRequest& request : server.requests()) got += request.body;
  EXPECT_EQ(got, want);
  EXPECT_LE(server.requests().size(), 3u);
}

TEST(LiveExporter, lines_are_sent_while_the_run_goes_on) {
  ContractServer server([](const HttpRequest&) { return HttpReply{}; });
  LiveExporter exporter(target(server));
  exporter.push(line(1));
  const auto begin = steady_clock::now();
  while (server.requests().empty() && steady_clock::now() - begin < milliseconds(8000))
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(LiveExporter, a_full_queue_drops_and_counts_without_waiting) {
  std::atomic<bool> stuck = true;
  ContractServer server([&](const HttpRequest&) {
    HttpReply reply;
    reply.delay_ms = stuck ? 1500 : 0;
    return reply;
  });
  LiveExporter exporter(target(server), 1000);
  const std::string chunk = line(100000) + line(100001) + line(100002);
  milliseconds longest{0};
  uint64_t pushed = 0;
  for (int i = 0; i < 200; ++i) {
    const auto begin = steady_clock::now();
    exporter.push(chunk);
    pushed += 3;
    longest = std::max(longest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin));
    std::this_thread::sleep_for(milliseconds(2));
  }
  stuck = false;
  const ExportReport report = exporter.finish(milliseconds(20'000));
  EXPECT_LT(longest, milliseconds(200)) << "the server takes 1.5 s";
  EXPECT_EQ(report.stored + report.unsent, pushed);
  EXPECT_GT(report.unsent, 0u);
  EXPECT_GT(report.stored, 0u);
  EXPECT_THAT(report.problem, HasSubstr(std::to_string(report.unsent) + " lines did not fit"));
  EXPECT_THAT(report.problem, HasSubstr("cbench export"));
}

TEST(LiveExporter, finish_keeps_to_its_timeout_in_a_pause_and_counts_the_rest) {
  ContractServer server([](const HttpRequest&) {
    HttpReply reply;
    reply.status = 503;
    reply.headers = {{"Retry-After", "25"}};  // longer than the timeout
    return reply;
  });
  LiveExporter exporter(target(server));
  for (int i = 0; i < 10; ++i) exporter.push(line(i));
  while (server.requests().empty()) std::this_thread::sleep_for(milliseconds(10));  // now it waits
  const auto begin = steady_clock::now();
  const ExportReport report = exporter.finish(milliseconds(300));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(3000));
  EXPECT_EQ(report.unsent, 10u);
  EXPECT_NE(report.problem, "");
  exporter.push(line(11));
  EXPECT_EQ(exporter.finish(milliseconds(1)).unsent, 11u) << "lines after the end are counted too";
}

TEST(LiveExporter, ending_without_finish_does_not_hang) {
  ContractServer server([](const HttpRequest&) {
    HttpReply reply;
    reply.delay_ms = 20'000;
    return reply;
  });
  const auto begin = steady_clock::now();
  {
    LiveExporter exporter(target(server));
    exporter.push(line(1));
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_LT(steady_clock::now() - begin, milliseconds(5000));
}

}  // namespace
}  // namespace cbench
