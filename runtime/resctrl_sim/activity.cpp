#include "runtime/resctrl_sim/activity.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <fmt/format.h>
#include <fnmatch.h>
#include <sched.h>
#include <unistd.h>

namespace cbench::sim {
namespace {

// Of one busy thread: what it would like to keep in the cache, and what it reads from there a second.
constexpr double kWorkingSet = 8.0 * 1048576, kTraffic = 8e9;
constexpr double kFloor = 0.1;        // of its traffic misses in any case
constexpr double kFillSeconds = 0.2;  // time constant in which a cache fills
constexpr double kLocal = 0.9;        // of the traffic stays in its socket, where there are more

/// A number of bytes, or -1: it is none, or not one that a counter can hold.
double amount(const char* text) {
  constexpr double kMost = 1e18;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  return end != text && *end == 0 && value >= 0 && value <= kMost ? value : -1;
}

}  // namespace

std::string parse_script(const std::string& text, std::vector<ScriptLine>& script) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    std::istringstream words(line);
    ScriptLine made;
    double local = -1;
    if (!(words >> made.at >> made.pattern >> made.domain))
      return fmt::format("{}:1: a line is SECONDS GROUP DOMAIN occupancy=BYTES total=BYTES_PER_S", number);
    for (std::string word; words >> word;) {
      const auto end = words.tellg();
      const size_t column = (end < 0 ? line.size() : static_cast<size_t>(end)) - word.size() + 1;
      const size_t equals = word.find('=');
      const std::string key = word.substr(0, equals);
      const double value = equals == std::string::npos ? -1 : amount(word.c_str() + equals + 1);
      double* const what = key == "occupancy" ? &made.rates.occupancy
                           : key == "total"   ? &made.rates.total
                           : key == "local"   ? &local
                                              : nullptr;
      if (word == "unavailable")
        made.rates.unavailable = true;
      else if (what != nullptr && value >= 0)
        *what = value;
      else
        return fmt::format("{}:{}: `{}` is not occupancy=, total= or local= with a number, or unavailable",
                           number, column, word);
    }
    made.rates.local = local < 0 ? made.rates.total : local;
    script.push_back(std::move(made));
  }
  // Of lines for the same time the later counts.
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < script.size(); ++i) order.emplace_back(script[i].at, i);
  std::sort(order.begin(), order.end());
  std::vector<ScriptLine> sorted;
  for (const auto& [at, i] : order) sorted.push_back(std::move(script[i]));
  script = std::move(sorted);
  return "";
}

Activity::Activity(const Profile& profile, std::vector<ScriptLine> script)
    : profile_(profile), script_(std::move(script)) {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (::sched_getaffinity(0, sizeof usable, &usable) == 0)
    for (uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &usable)) cpus_.push_back(cpu);
}

uint32_t Activity::domain_of(uint32_t cpu) const {
  const auto at = static_cast<size_t>(std::lower_bound(cpus_.begin(), cpus_.end(), cpu) - cpus_.begin());
  return cpus_.empty()
             ? 0
             : static_cast<uint32_t>(std::min(at, cpus_.size() - 1) * profile_.domains / cpus_.size());
}

Activity::Demands Activity::demands(uint32_t domain, const Groups& groups) const {
  Demands all;
  for (const auto& [name, group] : groups) {
    all[group.rmid] = {0, &group, name.empty() ? "." : name};
    for (const auto& [mon, made] : group.mon_groups)
      all[made.rmid] = {0, &group, (name.empty() ? "" : name + "/") + "mon_groups/" + mon};
  }
  for (const auto& [task, known] : tasks_) {
    const auto group = groups.find(known.place.group);
    if (group == groups.end() || domain_of(known.figures.cpu) != domain) continue;
    const auto mon = group->second.mon_groups.find(known.place.mon);
    const auto busy = busy_.find(task);
    if (busy != busy_.end())
      all[mon == group->second.mon_groups.end() ? group->second.rmid : mon->second.rmid].cores +=
          busy->second;
  }
  return all;
}

double Activity::limit(const Group& group, uint32_t domain) const {
  if (profile_.bandwidth == Bandwidth::None) return INFINITY;
  const auto value = static_cast<double>(group.values.back()[domain]);
  if (value >= profile_.mb_most) return INFINITY;
  return profile_.bandwidth == Bandwidth::Percent ? value / 100 * profile_.peak
         : profile_.bandwidth == Bandwidth::MBps  ? value * 1048576
                                                  : value * 125e6;
}

void Activity::settle(uint32_t domain, double passed, const Demands& demands) {
  std::map<uint32_t, double> share;
  for (uint32_t way = 0; way < profile_.ways; ++way) {
    double pressure = 0;
    const auto may = [&](const Demand& d) {
      return d.cores > 0 && (d.group->values[0][domain] >> way & 1) != 0;
    };
    for (const auto& [rmid, demand] : demands) pressure += may(demand) ? demand.cores : 0;
    for (const auto& [rmid, demand] : demands)
      if (may(demand)) share[rmid] += static_cast<double>(profile_.way_bytes) * demand.cores / pressure;
  }
  std::map<uint32_t, double> wanted;
  std::map<const Group*, double> of_group;
  double whole = 0;
  const double step = 1 - std::exp(-passed / kFillSeconds);
  for (const auto& [rmid, demand] : demands) {
    std::vector<Counters>& counters = counters_.try_emplace(rmid, profile_.domains).first->second;
    const double set = demand.cores * kWorkingSet;
    counters[domain].occupancy += step * (std::min(share[rmid], set) - counters[domain].occupancy);
    const double held = set > 0 ? std::min(counters[domain].occupancy / set, 1.0) : 1;
    wanted[rmid] = demand.cores * kTraffic * (kFloor + (1 - kFloor) * (1 - held));
    of_group[demand.group] += wanted[rmid];
  }
  for (auto& [group, sum] : of_group) whole += std::min(sum, limit(*group, domain));
  const double squeeze = whole > profile_.peak && whole > 0 ? profile_.peak / whole : 1;
  for (const auto& [rmid, demand] : demands) {
    const double sum = of_group[demand.group];
    const double rate =
        sum > 0 ? wanted[rmid] * std::min(1.0, limit(*demand.group, domain) / sum) * squeeze : 0;
    Counters& counters = counters_.at(rmid)[domain];
    counters.total += rate * passed;
    counters.local += rate * passed * (profile_.domains > 1 ? kLocal : 1);
  }
}

void Activity::follow_script(uint32_t domain, double seconds, double passed, const Demands& demands) {
  for (const auto& [rmid, demand] : demands) {
    Counters& counters = counters_.try_emplace(rmid, profile_.domains).first->second[domain];
    const auto now = std::find_if(script_.rbegin(), script_.rend(), [&](const ScriptLine& line) {
      return line.at <= seconds && line.domain == domain &&
             ::fnmatch(line.pattern.c_str(), demand.path.c_str(), 0) == 0;
    });
    if (now == script_.rend()) continue;
    counters.occupancy = now->rates.occupancy;
    counters.unavailable = now->rates.unavailable;
    counters.total += now->rates.total * passed;
    counters.local += now->rates.local * passed;
  }
}

void Activity::advance(double seconds, const Groups& groups, Tasks& tasks) {
  constexpr double kShortest = 0.005;
  if (seconds - last_ < kShortest) return;
  const double passed = seconds - last_;
  last_ = seconds;
  if (script_.empty()) {
    tasks_ = tasks.refresh();
    const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::map<pid_t, uint64_t> ticks;
    std::map<pid_t, double> busy;
    for (const auto& [task, known] : tasks_) {
      ticks[task] = known.figures.cpu_ticks;
      const auto before = ticks_.find(task);
      if (before == ticks_.end()) continue;
      // CPU time comes in ticks of 10 ms: a running mean over some of them.
      const double now =
          std::min(1.0, static_cast<double>(known.figures.cpu_ticks - before->second) / per_second / passed);
      const auto old = busy_.find(task);
      const double weight = 1 - std::exp(-passed / kFillSeconds);
      busy[task] = (old == busy_.end() ? 0 : old->second * (1 - weight)) + now * weight;
    }
    ticks_ = std::move(ticks);
    busy_ = std::move(busy);
  }
  for (uint32_t domain = 0; domain < profile_.domains; ++domain) {
    const Demands all = demands(domain, groups);
    script_.empty() ? settle(domain, passed, all) : follow_script(domain, seconds, passed, all);
  }
}

Counters Activity::of(const Groups& groups, const Place& place, uint32_t domain) const {
  Counters sum;
  const auto add = [&](uint32_t rmid) {
    const auto at = counters_.find(rmid);
    if (at == counters_.end()) return;
    const Counters& one = at->second[domain];
    sum.occupancy += one.occupancy;
    sum.total += one.total;
    sum.local += one.local;
    sum.unavailable = sum.unavailable || one.unavailable;
  };
  const auto group = groups.find(place.group);
  if (group == groups.end()) return sum;
  if (place.mon.empty()) add(group->second.rmid);
  for (const auto& [name, mon] : group->second.mon_groups)
    if (place.mon.empty() || place.mon == name) add(mon.rmid);
  return sum;
}

}  // namespace cbench::sim
