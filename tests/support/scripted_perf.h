// A stand-in for perf_event_open(2) on CPUs with counters, which the test's machine need not have: groups,
// counters that are too few, turns, errors, and CPUs that go and come. Time passes when the script says so.
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include <linux/perf_event.h>

#include "runtime/collectors/perf_kernel.h"

namespace cbench {

class ScriptedPerf final : public PerfKernel {
 public:
  /// Counters beside the fixed ones for instructions and cycles, as an Intel core has them.
  uint32_t counters = 4;
  std::set<int> offline;
  size_t most_files = 100'000;
  /// -errno of an open, or 0; asked first.
  std::function<int(const EventCode&, int cpu)> refuse = [](const EventCode&, int) { return 0; };

  int open(const EventCode& code, int, int cpu, int leader) override {
    if (const int error = refuse(code, cpu); error != 0) return error;
    if (offline.contains(cpu)) return -ENODEV;
    if (files_.size() >= most_files) return -EMFILE;
    const int fd = next_++;
    Event event{
        .code = code, .cpu = cpu, .leader = leader < 0 ? fd : leader, .id = static_cast<uint64_t>(fd) * 7};
    if (leader >= 0) {
      if (!files_.contains(leader)) return -EBADF;
      uint32_t taken = general(code) ? 1 : 0;
      for (const int member : files_.at(leader).members) taken += general(files_.at(member).code) ? 1 : 0;
      if (taken > counters) return -EINVAL;  // validate_group: it could never be scheduled
      event.turns = files_.at(leader).turns;
    } else if (general(code) && counters == 0) {
      return -ENOENT;
    }
    files_[fd] = event;
    files_.at(event.leader).members.push_back(fd);
    if (leader < 0) order_[cpu].push_back(fd);
    return fd;
  }
  int id(int fd, uint64_t& id) override {
    if (!files_.contains(fd)) return -EBADF;
    id = files_.at(fd).id;
    return 0;
  }
  int reschedule(int leader) override { return files_.contains(leader) ? 0 : -EBADF; }
  ssize_t read(int leader, uint64_t* data, size_t bytes) override {
    const auto found = files_.find(leader);
    if (found == files_.end()) return -EBADF;
    const Event& first = found->second;
    const size_t size = (3 + 2 * first.members.size()) * sizeof(uint64_t);
    if (bytes < size) return -ENOSPC;
    // The kernel breaks up the groups of a CPU that goes offline: the leader stands alone from then on.
    const size_t members = first.broken ? 1 : first.members.size();
    data[0] = members;
    data[1] = first.enabled;
    data[2] = first.running;
    for (size_t i = 0; i < members; ++i) {
      const Event& member = files_.at(first.members[members - 1 - i]);  // in no order that one may rely on
      data[3 + 2 * i] = member.value;
      data[4 + 2 * i] = member.id;
    }
    return static_cast<ssize_t>((3 + 2 * members) * sizeof(uint64_t));
  }
  void close(int fd) override {
    const auto found = files_.find(fd);
    if (found == files_.end()) return;
    std::erase(order_[found->second.cpu], fd);
    if (const auto leader = files_.find(found->second.leader); leader != files_.end())
      std::erase(leader->second.members, fd);
    files_.erase(fd);
  }

  /// Events a nanosecond of `code` at a moment of the script's time.
  using Rate = std::function<double(const EventCode&, uint64_t now_ns)>;
  /// The container runs on `cpu` for `slices` × `slice_ns`; the groups take turns as in the kernel: one that
  /// does not fit waits, and the first goes to the end after each slice.
  void run(int cpu, uint64_t slices, uint64_t slice_ns, const Rate& rate) {
    auto& order = order_[cpu];
    for (uint64_t s = 0; s < slices; ++s, now_ns += slice_ns) {
      if (offline.contains(cpu)) continue;
      uint32_t free = counters;
      for (const int leader : order) {
        uint32_t needs = 0;
        for (const int member : files_.at(leader).members) needs += general(files_.at(member).code) ? 1 : 0;
        Event& first = files_.at(leader);
        first.enabled += slice_ns;
        const bool counts = needs <= free;
        if (counts) free -= needs, first.running += slice_ns;
        for (const int member : first.members) {
          Event& event = files_.at(member);
          const double happened = rate(event.code, now_ns) * static_cast<double>(slice_ns);
          truth[event.code.config] += happened;
          if (!counts) continue;
          event.rest += happened;
          const auto whole = static_cast<uint64_t>(event.rest);
          event.rest -= static_cast<double>(whole);
          event.value += whole;
        }
      }
      if (order.size() > 1) {
        order.push_back(order.front());
        order.erase(order.begin());
      }
    }
  }
  void take_offline(int cpu) {
    offline.insert(cpu);
    for (auto& [fd, event] : files_)
      if (event.cpu == cpu) event.broken = true;
  }
  void bring_online(int cpu) { offline.erase(cpu); }
  /// A reading of `config` goes back by `by`, as after a bug of the hardware or the hypervisor.
  void turn_back(uint64_t config, uint64_t by) {
    for (auto& [fd, event] : files_)
      if (event.code.config == config) event.value -= by;
  }
  void set_values(uint64_t value) {
    for (auto& [fd, event] : files_) event.value = value;
  }
  [[nodiscard]] size_t open_files() const { return files_.size(); }

  std::map<uint64_t, double> truth;  ///< by config: what happened, counted or not
  uint64_t now_ns = 0;

 private:
  struct Event {
    EventCode code;
    int cpu = 0, leader = 0;
    uint64_t id = 0;
    std::vector<int> members{};  ///< of a leader, itself included
    uint64_t enabled = 0, running = 0, value = 0;
    double rest = 0;
    uint64_t turns = 0;
    bool broken = false;
  };

  static bool general(const EventCode& code) {
    return code.needs_counter() &&
           !(code.type == PERF_TYPE_HARDWARE &&
             (code.config == PERF_COUNT_HW_INSTRUCTIONS || code.config == PERF_COUNT_HW_CPU_CYCLES));
  }

  std::map<int, Event> files_;
  std::map<int, std::vector<int>> order_;  ///< leaders by CPU
  int next_ = 1000;
};

}  // namespace cbench
