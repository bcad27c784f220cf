#include "runtime/host/calibrate.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>
#include <sched.h>

#include "runtime/host/files.h"

namespace cbench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kPasses = 6;
constexpr uint64_t kLeastBytes = 256ULL << 20U;

/// Sums in several lanes, so that the additions do not wait for one another.
uint64_t read_all(const uint64_t* words, size_t count) {
  uint64_t lanes[16] = {};
  for (size_t i = 0; i + 16 <= count; i += 16)
    for (size_t lane = 0; lane < 16; ++lane) lanes[lane] += words[i + lane];
  uint64_t sum = 0;
  for (const uint64_t lane : lanes) sum += lane;
  return sum;
}

double measure(const std::vector<uint32_t>& cpus, uint64_t bytes) {
  const size_t words = bytes / cpus.size() / sizeof(uint64_t) / 16 * 16;
  std::barrier together(static_cast<ptrdiff_t>(cpus.size()));
  std::vector<std::vector<std::pair<Clock::time_point, Clock::time_point>>> times(cpus.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < cpus.size(); ++i)
    threads.emplace_back([&, i] {
      cpu_set_t mine;
      CPU_ZERO(&mine);
      CPU_SET(cpus[i], &mine);
      (void)::sched_setaffinity(0, sizeof mine, &mine);
      // Touched here, so that the pages are of this CPU's node.
      const auto array = std::make_unique_for_overwrite<uint64_t[]>(words);
      std::fill_n(array.get(), words, i);
      for (int pass = 0; pass < kPasses; ++pass) {
        together.arrive_and_wait();
        const auto begin = Clock::now();
        volatile uint64_t kept = read_all(array.get(), words);
        (void)kept;
        times[i].emplace_back(begin, Clock::now());
      }
    });
  for (std::thread& thread : threads) thread.join();
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    auto begin = times[0][static_cast<size_t>(pass)].first, end = times[0][static_cast<size_t>(pass)].second;
    for (const auto& own : times) {
      begin = std::min(begin, own[static_cast<size_t>(pass)].first);
      end = std::max(end, own[static_cast<size_t>(pass)].second);
    }
    const double seconds = std::chrono::duration<double>(end - begin).count();
    const auto moved = static_cast<double>(words * sizeof(uint64_t) * cpus.size());
    if (seconds > 0) best = std::max(best, moved / seconds);
  }
  return best;
}

}  // namespace

Result<std::vector<DomainBandwidth>> measure_bandwidth(const HostFacts& facts) {
  std::vector<HostPart> parts = facts.domain_parts();
  if (parts.empty()) parts = facts.socket_parts();
  std::vector<DomainBandwidth> out;
  for (HostPart& part : parts) {
    std::erase_if(part.cpus, [&](uint32_t cpu) { return !facts.online[cpu]; });
    if (part.cpus.empty()) continue;
    const uint64_t bytes = std::min(std::max(4 * facts.rdt.l3_bytes, kLeastBytes),
                                    std::max<uint64_t>(facts.memory_bytes / 4, 1 << 20U));
    try {
      out.push_back({part.id, measure(part.cpus, bytes)});
    } catch (const std::bad_alloc&) {
      return Error{Exit::HostLacks,
                   fmt::format("there are no {} MiB of memory to measure with", bytes >> 20U),
                   "end what fills the memory"};
    }
  }
  return out;
}

std::string calibration_file() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string config = variable("XDG_CONFIG_HOME"); std::filesystem::path(config).is_absolute())
    return config + "/cbench/host.json";
  const std::string home = variable("HOME");
  return std::filesystem::path(home).is_absolute() ? home + "/.config/cbench/host.json" : "";
}

Result<> save_peak_bandwidth(const std::string& path, const HostFacts& facts, double bytes_per_second) {
  const auto failed = [&](const std::string& why) {
    return Error{Exit::RunFailed, fmt::format("cannot write `{}`: {}", path, why),
                 "write the figure into bench.yml: `benchmark: {host: {peak_bandwidth: …}}`"};
  };
  if (path.empty()) return failed("neither XDG_CONFIG_HOME nor HOME is set");
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return failed(error.message());
  const nlohmann::ordered_json json = {{"hostname", facts.hostname},
                                       {"cpu_model", facts.cpu_model},
                                       {"cpus", facts.cpus.size()},
                                       {"peak_bandwidth", bytes_per_second}};
  std::ofstream file(path, std::ios::trunc);
  file << json.dump(2) << "\n";
  return file.flush() ? Result<>(Done{}) : failed("the disk is full, or it is not ours");
}

std::optional<double> saved_peak_bandwidth(const std::string& path, const HostFacts& facts) {
  const auto text = path.empty() ? std::nullopt : read_text(path);
  const auto json = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto is = [&](const char* key, const nlohmann::json& wanted) {
    const auto found = json.find(key);
    return found != json.end() && *found == wanted;
  };
  if (!is("hostname", facts.hostname) || !is("cpu_model", facts.cpu_model) || !is("cpus", facts.cpus.size()))
    return std::nullopt;
  const auto peak = json.find("peak_bandwidth");
  return peak != json.end() && peak->is_number() && peak->get<double>() > 0
             ? std::optional(peak->get<double>())
             : std::nullopt;
}

}  // namespace cbench
