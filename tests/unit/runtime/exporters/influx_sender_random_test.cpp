// The sender against a server that fails by chance.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "influx_requests.h"

namespace cbench {
namespace {

using namespace testing;
using std::chrono::milliseconds;

/// Stores as InfluxDB does, by series and time, and fails by a seeded schedule; some failures come after
/// storing.
class FlakyStore {
 public:
  explicit FlakyStore(uint64_t seed) : random_(seed) {}

  HttpReply operator()(const HttpRequest& request) {
    HttpReply reply;
    switch (random_() % 14) {
      case 0:
        reply = answer(500);
        break;
      case 1:
        reply = answer(503, "", {{"Retry-After", "0"}});
        break;
      case 2:
        reply = answer(429, "", {{"Retry-After", "Mon, 01 Jan 2024 00:00:00 GMT"}});
        break;
      case 3:
        reply.reset = true;
        break;
      case 4:
        store(request), reply.reset = true;
        break;  // stored, and the answer lost
      case 5:
        store(request), reply = answer(504);
        break;
      case 6:
        reply = answer(count(request.body) > 1 ? 413 : 204);
        break;
      case 7:
        reply = answer(422);
        break;
      default:
        break;
    }
    if (reply.status == 204 && !reply.reset) {
      if (request.body.find("bad") != std::string::npos) return answer(400, "bad line");
      store(request);
    }
    if (reply.status == 422) refused += count(request.body);
    return reply;
  }

  std::map<std::string, int> stored;  ///< times that each distinct point was written with another value
  size_t refused = 0;

 private:
  void store(const HttpRequest& request) {
    for (size_t at = 0; at < request.body.size();) {
      const size_t end = request.body.find('\n', at) + 1;
      const std::string line = request.body.substr(at, end - at);
      if (line.find("bad") == std::string::npos) stored.try_emplace(line, 1);
      at = end;
    }
  }
  std::mt19937_64 random_;
};

TEST(InfluxSender, under_random_failures_each_line_is_stored_once_or_counted) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    FlakyStore store(seed);
    ExportReport report;
    size_t sent = 0, bad = 0;
    {
      ContractServer server([&](const HttpRequest& request) { return store(request); });
      SendLimits limits = quick();
      limits.longest_pause = milliseconds(2);
      limits.give_up_after = milliseconds(seed % 3 == 0 ? 3 : 5000);
      limits.request_lines = 50;
      InfluxSender sender(target(server), limits);
      std::mt19937_64 random(seed);
      for (int batch = 0; batch < 8; ++batch) {
        const size_t size = random() % 120;
        std::string text = lines(sent, size);
        sent += size;
        if (random() % 3 == 0) {
          text += lines(sent++, 1, "bad");
          ++bad;
        }
        sender.send(text);
      }
      report = sender.report();
    }
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_EQ(report.stored + report.refused + report.unsent, sent) << "no line is lost from the count";
    EXPECT_GE(store.stored.size(), report.stored) << "what is counted as stored is stored";
    EXPECT_LE(store.stored.size(), sent - bad);
    EXPECT_GE(store.stored.size() + report.refused + report.unsent, sent);
    if (seed % 3 != 0)
      EXPECT_EQ(report.unsent, 0u) << "given time, every line is settled: " << report.problem;
    EXPECT_EQ(report.problem.empty(), report.refused + report.unsent == 0);
  }
}

}  // namespace
}  // namespace cbench
