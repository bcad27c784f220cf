#include "runtime/resctrl_sim/faults.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <fnmatch.h>

namespace cbench::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, int> kErrors[] = {{"EBUSY", EBUSY},   {"EINVAL", EINVAL},
                                                        {"ENOSPC", ENOSPC}, {"EIO", EIO},
                                                        {"EACCES", EACCES}, {"EPERM", EPERM}};
constexpr std::string_view kOps[] = {"read", "write", "mkdir", "rmdir"};

}  // namespace

Outcome Faults::add(std::string_view line) {
  std::istringstream words{std::string(line)};
  Fault fault;
  std::string nth, extra;
  words >> fault.op >> fault.pattern >> nth >> fault.what;
  if (fault.op.empty() || (fault.op == "clear" && fault.pattern.empty())) {
    const std::lock_guard lock(mutex_);
    faults_.clear();
    ++generation_;
    cleared_.notify_all();
    return {};
  }
  const auto error = std::find_if(std::begin(kErrors), std::end(kErrors),
                                  [&](const auto& e) { return e.first == fault.what; });
  fault.error = error == std::end(kErrors) ? 0 : error->second;
  fault.hangs = fault.what == "hang";
  if (fault.what.starts_with("slow=")) fault.slow_ms = std::atoll(fault.what.c_str() + 5);
  fault.nth = nth == "*" ? 0 : std::strtoull(nth.c_str(), nullptr, 10);
  const bool known_op = std::find(std::begin(kOps), std::end(kOps), fault.op) != std::end(kOps);
  if (!known_op || (nth != "*" && fault.nth == 0) ||
      (fault.error == 0 && !fault.hangs && fault.slow_ms <= 0) || words >> extra)
    return {EINVAL, "A fault is `OP PATTERN N WHAT`, such as `write */schemata 1 EIO`"};
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(fault));
  return {};
}

std::string Faults::show() {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const Fault& fault : faults_)
    text +=
        fmt::format("{} {} {} {} (struck {} of {})\n", fault.op, fault.pattern,
                    fault.nth == 0 ? "*" : std::to_string(fault.nth), fault.what, fault.struck, fault.seen);
  return text;
}

int Faults::strike(std::string_view op, const std::string& path, const std::function<bool()>& interrupted) {
  std::unique_lock lock(mutex_);
  int error = 0;
  int64_t slow_ms = 0;
  bool hangs = false;
  for (Fault& fault : faults_) {
    if (fault.op != op || ::fnmatch(fault.pattern.c_str(), path.c_str(), FNM_PATHNAME) != 0) continue;
    if (++fault.seen != fault.nth && fault.nth != 0) continue;
    ++fault.struck;
    if (fault.error != 0) error = fault.error;
    slow_ms += fault.slow_ms;
    hangs = hangs || fault.hangs;
  }
  const uint64_t generation = generation_;
  while (hangs && generation == generation_ && !interrupted()) cleared_.wait_for(lock, 20ms);
  if (hangs && generation == generation_) return EINTR;
  lock.unlock();
  if (slow_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(slow_ms));
  return error;
}

}  // namespace cbench::sim
