// Making and changing CLOS groups (Documentation/filesystems/resctrl.rst).
#include "runtime/actuators/rdt_groups.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/actuators/tasks.h"
#include "runtime/host/files.h"
#include "runtime/host/kernel_file.h"
#include "runtime/host/rdt_rival.h"
#include "stdlib/abi/bandwidth.h"
#include "stdlib/intrinsics/allocation.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 64;  // of a search for tasks that are still outside

bool acts(const Plan& plan, Verb verb) {
  return std::any_of(plan.acts.begin(), plan.acts.end(), [&](const auto& use) { return use.what == verb; });
}

/// The end of a UUIDv7 is random; its begin is the clock's, the same for runs within a minute.
std::string short_id(const std::string& run_id) {
  return run_id.substr(run_id.size() - std::min<size_t>(8, run_id.size()));
}

/// Writes tasks to a group, each with a write(2) of its own. Those that have ended are skipped.
Result<> write_tasks(const std::string& root, const std::string& file, const std::vector<pid_t>& tasks) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  int error = fd < 0 ? errno : 0;
  pid_t refused = 0;
  for (auto task = tasks.begin(); error == 0 && task != tasks.end(); ++task) {
    const fmt::format_int text(*task);
    char line[24];
    const size_t length = text.size();
    std::copy_n(text.data(), length, line);
    line[length] = '\n';
    if (::write(fd, line, length + 1) < 0 && errno != ESRCH) {
      error = errno;
      refused = *task;
    }
  }
  const std::string said = error != 0 && fd >= 0 ? resctrl_last_status(root) : "";
  if (fd >= 0) ::close(fd);
  if (error == 0) return Done{};
  return Error{
      Exit::RunFailed,
      fmt::format("cannot write task {} to {}: {}", refused, file, said.empty() ? errno_text(error) : said),
      ""};
}

/// Why a group of someone else keeps us from sharing out the cache; empty when it does not. One without tasks
/// and CPUs takes a CLOSID and no more.
std::string why_in_the_way(const std::string& group) {
  const std::string mode = read_line(group + "/mode");
  if (mode == "exclusive" || mode.starts_with("pseudo-lock"))
    return fmt::format("is in mode {}: its ways cannot be shared out", mode);
  std::vector<pid_t> tasks;
  read_tasks(group + "/tasks", tasks);
  if (!tasks.empty())
    return fmt::format("has {} task{} in it (the first is {}): it would use the same ways", tasks.size(),
                       tasks.size() == 1 ? "" : "s", tasks.front());
  const std::string cpus = read_line(group + "/cpus_list");
  return cpus.empty() ? "" : fmt::format("has the CPUs {}: what runs there would use the same ways", cpus);
}

}  // namespace

std::string why_not_a_mask(uint64_t mask, const Cache& cache) {
  const auto bits = static_cast<uint32_t>(std::popcount(mask));
  const uint64_t all = all_ways_of(cache.ways);
  if ((mask & ~all) != 0)
    return fmt::format("the mask {:x} has ways that the cache has not: its {} are {:x}", mask, cache.ways,
                       all);
  if (bits < cache.min_bits)
    return fmt::format("the mask {:x} has {} ways, {} are the least", mask, bits, cache.min_bits);
  if (!cache.sparse && bits > 0 &&
      mask >> static_cast<uint32_t>(std::countr_zero(mask)) != ~uint64_t{0} >> (64 - bits))
    return fmt::format("the ways of the mask {:x} are not contiguous", mask);
  return "";
}

uint64_t mb_percent(double ratio, const RdtFacts& facts) {
  if (ratio >= 1) return 100;  // no limit, whatever the granularity
  const double step = facts.mb_step();
  const double rounded = std::round(100 * ratio / step) * step;
  return static_cast<uint64_t>(std::clamp<double>(rounded, facts.mb_min, 100));
}

uint64_t mb_units(double rate, uint64_t most, const RdtFacts& facts) {
  const double unit = facts.mb_unit_rate();
  if (!(rate < static_cast<double>(most) * unit)) return most;
  const uint64_t step = facts.mb_step();
  const double steps = std::round(std::max(rate, facts.mb_least_rate()) / unit / static_cast<double>(step));
  return std::min(most, static_cast<uint64_t>(steps) * step);
}

RdtGroups::RdtGroups(const Plan& plan, const RdtFacts& facts, const std::string& run_id, Journal& journal)
    : plan_(plan),
      facts_(facts),
      prefix_("cbench-" + short_id(run_id) + "-"),
      journal_(journal),
      first_(plan.classes.size()) {}

std::string RdtGroups::folder(int32_t cls) const {
  if (cls < 0) return facts_.root;
  std::string name = plan_.classes[static_cast<size_t>(cls)];
  if (plan_.owner(cls) >= 0) {  // own(web): a folder's name has no parentheses
    name[name.find('(')] = '.';
    name.pop_back();
  }
  return facts_.root + "/" + prefix_ + name;
}

Result<> RdtGroups::check_needs() const {
  if (!facts_.present)
    return Error{
        Exit::HostLacks,
        fmt::format("policy `{}` allocates cache or bandwidth, and this host has no resctrl: {}",
                    plan_.policy,
                    facts_.absent_reason.empty() ? facts_.root + " is not mounted" : facts_.absent_reason),
        "run with --mode advise, or with --degraded to leave these rules out"};
  if (facts_.l3_domains.size() > kMaxDomains)
    return Error{Exit::HostLacks,
                 fmt::format("this host has {} L3 domains, and a policy can allocate in {}",
                             facts_.l3_domains.size(), kMaxDomains),
                 "run with --mode advise, or with --degraded to leave these rules out"};
  if (!facts_.l3_allocation && (acts(plan_, Verb::Layout) || acts(plan_, Verb::Ways)))
    return Error{Exit::HostLacks, "this host cannot allocate the L3 cache (CAT)",
                 "run with --degraded to leave these rules out"};
  if (!facts_.l2_allocation && acts(plan_, Verb::LayoutL2))
    return Error{Exit::HostLacks, "this host cannot allocate the L2 cache (CAT)",
                 "run with --degraded to leave these rules out"};
  if (!acts(plan_, Verb::Mb) && !acts(plan_, Verb::MbRate)) return Done{};
  if (!facts_.mb_allocation)
    return Error{Exit::HostLacks, "this host cannot allocate memory bandwidth (MBA)",
                 "run with --degraded to leave these rules out"};
  for (const Verb verb : {Verb::Mb, Verb::MbRate})
    if (const std::string_view why = why_not_mb(verb, facts_); acts(plan_, verb) && !why.empty())
      return Error{Exit::HostLacks, std::string(why), std::string(kMbRemedy)};
  return Done{};
}

Result<> RdtGroups::check_others() const {
  size_t others = 0;
  std::error_code error;
  for (fs::directory_iterator at(facts_.root, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code ignored;
    if (!at->is_directory(ignored) || name == "info" || name == "mon_groups" || name == "mon_data") continue;
    ++others;
    if (const std::string why = why_in_the_way(at->path().string()); !why.empty())
      return Error{Exit::HostLacks,
                   fmt::format("the resctrl group {} of someone else {}", at->path().string(), why),
                   fmt::format("remove it when nobody needs it: rmdir {}", at->path().string())};
  }
  if (error)
    return Error{Exit::HostLacks, fmt::format("cannot read {}: {}", facts_.root, error.message()), ""};
  const size_t ours = plan_.classes_at_once;
  const size_t needed = ours + 1 + others;
  if (needed <= facts_.num_closids) return Done{};
  return Error{
      Exit::HostLacks,
      fmt::format(
          "too few classes of service: {} classes of the policy{} + 1 root group + {} groups of others = {}, "
          "and this host has {}",
          ours, plan_.classes.size() > ours ? " at a time" : "", others, needed, facts_.num_closids),
      others > 0
          ? fmt::format("remove groups that nobody needs below {} (`cbench clean` lists ours), or use fewer "
                        "classes",
                        facts_.root)
          : "use fewer classes"};
}

Result<> RdtGroups::make() {
  if (auto able = check_needs(); !able) return able;
  if (const std::string rival = facts_.simulated ? "" : rdt_rival(); !rival.empty())
    return Error{Exit::HostLacks, rival + ": it may allocate cache or bandwidth behind resctrl's back",
                 "end that program, or have it use resctrl (pqos --iface=os)"};
  if (auto owned = journal_.own_rdt(facts_.root); !owned) return owned;
  if (auto room = check_others(); !room) return room;
  for (size_t cls = 0; cls < plan_.classes.size(); ++cls)
    if (plan_.owner(static_cast<int32_t>(cls)) < 0)
      if (auto created = add(cls); !created) return created;
  made_ = true;
  return Done{};
}

Result<> RdtGroups::add(size_t cls) {
  const std::string group = folder(static_cast<int32_t>(cls));
  if (auto journalled = journal_.will_create(group); !journalled) return journalled;
  auto created = resctrl_make_group(facts_.root, group);
  if (!created) created.error().exit = Exit::HostLacks;
  first_[cls].reset();
  return created;
}

void RdtGroups::remove(size_t cls) { (void)::rmdir(folder(static_cast<int32_t>(cls)).c_str()); }

Result<Schemata*> RdtGroups::first_schemata(size_t cls) {
  if (!first_[cls]) {
    auto read = read_schemata(folder(static_cast<int32_t>(cls)));
    if (!read) return read.error();
    first_[cls] = std::move(*read);
  }
  return &*first_[cls];
}

Result<> RdtGroups::write_changes(size_t cls, const Schemata& wanted) {
  const std::string group = folder(static_cast<int32_t>(cls));
  const auto present = read_schemata(group);
  if (!present) return present.error();
  Schemata changes;
  for (const SchemataLine& line : wanted) {
    SchemataLine change{line.resource, {}};
    const SchemataLine* now = find_line(*present, line.resource);
    for (const auto& [id, value] : line.domains)
      if (const uint64_t* old = now != nullptr ? now->find(id) : nullptr; old == nullptr || *old != value)
        change.domains.emplace_back(id, value);
    if (!change.domains.empty()) changes.push_back(std::move(change));
  }
  // No journal entry: the group is ours, and restoring removes it.
  return changes.empty() ? Result<>(Done{})
                         : resctrl_write(facts_.root, group + "/schemata", to_text(changes));
}

Result<> RdtGroups::set_masks(size_t cls, const Cache& cache, const ByDomain<uint64_t>& masks) {
  for (const auto& [id, mask] : masks)
    if (const std::string why = mask == 0 ? "" : why_not_a_mask(mask, cache); !why.empty())
      return Error{Exit::RunFailed, fmt::format("class {}: {}", plan_.classes[cls], why), ""};
  const auto first = first_schemata(cls);
  if (!first) return first.error();
  Schemata wanted;
  for (const SchemataLine& line : **first) {
    if (!line.resource.starts_with(cache.level)) continue;
    SchemataLine& made = wanted.emplace_back(SchemataLine{line.resource, {}});
    for (const auto& [id, mask] : masks) {
      const uint64_t* as_made = line.find(id);
      if (as_made == nullptr) return no_domain(cls, line, id);
      made.domains.emplace_back(id, mask == 0 ? *as_made : mask);
    }
  }
  if (wanted.empty())
    return Error{Exit::RunFailed,
                 fmt::format("{}/schemata has no {} line", folder(static_cast<int32_t>(cls)), cache.level),
                 ""};
  return write_changes(cls, wanted);
}

Result<> RdtGroups::set_ways(size_t cls, const ByDomain<uint64_t>& masks) {
  return set_masks(cls, {"L3", facts_.l3_ways, facts_.l3_min_bits, facts_.l3_sparse}, masks);
}

Result<> RdtGroups::set_l2(size_t cls, uint64_t mask) {
  const auto first = first_schemata(cls);
  if (!first) return first.error();
  ByDomain<uint64_t> masks;
  for (const SchemataLine& line : **first)
    if (line.resource == "L2" || line.resource == "L2CODE")
      for (const auto& [id, as_made] : line.domains) masks.emplace_back(id, mask);
  return set_masks(cls, {"L2", facts_.l2_ways, facts_.l2_min_bits, facts_.l2_sparse}, masks);
}

Result<> RdtGroups::set_mb(size_t cls, const ByDomain<double>& values) {
  const auto first = first_schemata(cls);
  if (!first) return first.error();
  const SchemataLine* line = find_line(**first, "MB");
  if (line == nullptr)
    return Error{Exit::RunFailed,
                 fmt::format("{}/schemata has no MB line", folder(static_cast<int32_t>(cls))), ""};
  SchemataLine wanted{line->resource, {}};
  const bool percent = facts_.mb_kind() == MbKind::Percent;
  for (const auto& [id, value] : values) {
    if (std::isnan(value) || value < 0)
      return Error{Exit::Invalid,
                   fmt::format("class {}: a memory bandwidth of {}", plan_.classes[cls], value), ""};
    const uint64_t* limit = line->find(id);
    if (limit == nullptr) return no_domain(cls, *line, id);
    // As the kernel made it, the group is not limited.
    wanted.domains.emplace_back(id, percent ? mb_percent(value, facts_) : mb_units(value, *limit, facts_));
  }
  return write_changes(cls, {wanted});
}

Error RdtGroups::no_domain(size_t cls, const SchemataLine& line, uint32_t id) const {
  return {Exit::RunFailed,
          fmt::format("{}/schemata has no domain {} in its {} line", folder(static_cast<int32_t>(cls)), id,
                      line.resource),
          ""};
}

Result<> RdtGroups::assign(const std::string& cgroup, int32_t cls) {
  const std::string file = folder(cls) + "/tasks";
  std::vector<pid_t> inside, outside;
  for (int round = 0; round < kRounds; ++round) {
    // Only those outside are written: writing a task anew would take it out of its monitoring group.
    inside.clear();
    outside.clear();
    if (const int error = read_tasks(file, inside); error != 0)
      return Error{Exit::RunFailed, fmt::format("cannot read {}: {}", file, errno_text(error)), ""};
    const std::vector<pid_t> all = tasks_in(cgroup);
    std::set_difference(all.begin(), all.end(), inside.begin(), inside.end(), std::back_inserter(outside));
    if (outside.empty()) return Done{};
    if (auto written = write_tasks(facts_.root, file, outside); !written) return written;
  }
  return Error{Exit::RunFailed,
               fmt::format("tasks in {} appear faster than they can be moved to {}", cgroup, file), ""};
}

}  // namespace cbench
