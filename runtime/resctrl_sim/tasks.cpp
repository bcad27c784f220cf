#include "runtime/resctrl_sim/tasks.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

namespace cbench::sim {
namespace {

namespace fs = std::filesystem;

std::string slurp(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The threads of a process, by its folder in /proc.
std::vector<pid_t> threads_of(const std::string& process) {
  std::vector<pid_t> threads;
  std::error_code error;
  for (fs::directory_iterator at(process + "/task", error), end; !error && at != end; at.increment(error))
    threads.push_back(std::atoi(at->path().filename().c_str()));
  return threads;
}

bool parse(std::string_view word, int64_t& number) {
  while (!word.empty() && (word.back() == '\n' || word.back() == ' ')) word.remove_suffix(1);
  while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() && !word.empty() && number <= INT32_MAX;
}

}  // namespace

bool Tasks::read(pid_t task, TaskFigures& figures) const {
  const std::string text = slurp(fmt::format("{}/{}/stat", proc_, task));
  const size_t name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return false;
  std::istringstream rest(text.substr(name_end + 1));
  std::string word;
  uint64_t user = 0, system = 0;
  for (int field = 3; field <= 39 && rest >> word; ++field) {  // proc(5)
    if (field == 3 && (word == "Z" || word == "X")) return false;
    if (field == 14) user = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 15) system = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 22) figures.started = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 39) figures.cpu = static_cast<uint32_t>(std::strtoul(word.c_str(), nullptr, 10));
  }
  figures.cpu_ticks = user + system;
  return figures.started != 0;
}

/// Its other threads, and the children of each of them.
void Tasks::add_relatives(pid_t task, const Place& place, std::vector<pid_t>& found) {
  const auto add = [&](pid_t relative) {
    TaskFigures figures;
    if (known_.contains(relative) || !read(relative, figures)) return;
    known_.emplace(relative, Known{place, figures});
    found.push_back(relative);
  };
  for (const pid_t thread : threads_of(fmt::format("{}/{}", proc_, task))) {
    add(thread);
    std::istringstream children(slurp(fmt::format("{}/{}/task/{}/children", proc_, task, thread)));
    for (pid_t child = 0; children >> child;) add(child);
  }
}

const std::map<pid_t, Tasks::Known>& Tasks::refresh() {
  std::vector<pid_t> open;
  for (auto at = known_.begin(); at != known_.end();) {
    TaskFigures now;
    if (!read(at->first, now) || now.started != at->second.figures.started) {
      at = known_.erase(at);
      continue;
    }
    at->second.figures = now;
    open.push_back(at->first);
    ++at;
  }
  while (!open.empty()) {
    const pid_t task = open.back();
    open.pop_back();
    const Place place = known_.at(task).place;
    add_relatives(task, place, open);
  }
  return known_;
}

Outcome Tasks::move(pid_t task, const Place& to) {
  TaskFigures figures;
  if (!read(task, figures)) return {ESRCH, fmt::format("No task {}", task)};
  refresh();  // its children so far stay where they are
  const auto at = known_.find(task);
  const Place from = at == known_.end() ? Place{} : at->second.place;
  if (!to.mon.empty() && from.group != to.group)
    return {EINVAL, "Can't move task to different control group"};
  known_.insert_or_assign(task, Known{to, figures});
  return {};
}

Outcome Tasks::write(const Place& to, std::string_view text, pid_t caller) {
  for (bool more = true; more;) {
    const size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view word = text.substr(0, comma);
    text = more ? text.substr(comma + 1) : std::string_view();
    int64_t task = 0;
    if (!parse(word, task)) {
      std::string shown(word);
      while (!shown.empty() && shown.back() == '\n') shown.pop_back();
      return {EINVAL, fmt::format("Task list parsing error pid {}", shown)};
    }
    if (task < 0) return {EINVAL, fmt::format("Invalid pid {}", task)};
    Outcome moved = move(task == 0 ? caller : static_cast<pid_t>(task), to);
    if (moved.error != 0) {
      moved.words += fmt::format("\nError while processing task {}", task);
      return moved;
    }
  }
  return {};
}

std::vector<pid_t> Tasks::in(const Place& place) {
  std::vector<pid_t> tasks;
  refresh();
  for (const auto& [task, known] : known_)
    if (known.place.group == place.group && (place.mon.empty() || known.place.mon == place.mon))
      tasks.push_back(task);
  if (!place.group.empty() || !place.mon.empty()) return tasks;
  std::error_code error;
  for (fs::directory_iterator at(proc_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    for (const pid_t thread : threads_of(at->path().string()))
      if (!known_.contains(thread)) tasks.push_back(thread);
  }
  std::sort(tasks.begin(), tasks.end());
  return tasks;
}

void Tasks::move_all(const Place& from, const Place& to) {
  refresh();  // children of these go along
  for (auto& [task, known] : known_)
    if (known.place.group == from.group && (from.mon.empty() || known.place.mon == from.mon))
      known.place = to;
}

}  // namespace cbench::sim
