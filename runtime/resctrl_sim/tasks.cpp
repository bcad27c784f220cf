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

/// As strim and kstrtoint: spaces around it, 0x for hexadecimal, 0 for octal.
bool parse(std::string_view& word, int32_t& number) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r";
  word.remove_prefix(std::min(word.find_first_not_of(kSpaces), word.size()));
  word.remove_suffix(word.size() - (word.find_last_not_of(kSpaces) + 1));
  const bool negative = word.starts_with('-');
  std::string_view digits = word.substr(negative || word.starts_with('+') ? 1 : 0);
  const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  const int base = hexadecimal ? 16 : digits.size() > 1 && digits.starts_with('0') ? 8 : 10;
  if (hexadecimal) digits.remove_prefix(2);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  number = static_cast<int32_t>(negative ? -value : value);
  return error == std::errc() && end == digits.data() + digits.size() && value <= INT32_MAX;
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
    if (field == 3 && word == "X") return false;  // a zombie is still there, as in the kernel's list
    if (field == 14) user = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 15) system = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 22) figures.started = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 39) figures.cpu = static_cast<uint32_t>(std::strtoul(word.c_str(), nullptr, 10));
  }
  figures.cpu_ticks = user + system;
  return figures.started != 0;
}

pid_t Tasks::leader_of(pid_t task) const {
  const std::string text = slurp(fmt::format("{}/{}/status", proc_, task));
  const size_t at = text.find("\nTgid:");
  return at == std::string::npos ? task : std::atoi(text.c_str() + at + 6);
}

void Tasks::add(pid_t task, const Place& place, std::vector<pid_t>& found) {
  TaskFigures figures;
  if (known_.contains(task) || !read(task, figures)) return;
  figures.leader = leader_of(task);
  known_.emplace(task, Known{place, figures});
  found.push_back(task);
}

/// Its children and, of a process's first thread, the other threads.
void Tasks::add_relatives(pid_t task, std::vector<pid_t>& found) {
  const auto& [place, figures] = known_.at(task);
  if (figures.leader == task)
    for (const pid_t thread : threads_of(fmt::format("{}/{}", proc_, task))) add(thread, place, found);
  std::istringstream children(slurp(fmt::format("{0}/{1}/task/{1}/children", proc_, task)));
  for (pid_t child = 0; children >> child;) add(child, place, found);
}

const std::map<pid_t, Tasks::Known>& Tasks::refresh() {
  std::vector<pid_t> open;
  for (auto at = known_.begin(); at != known_.end();) {
    TaskFigures now;
    if (!read(at->first, now) || now.started != at->second.figures.started) {
      at = known_.erase(at);
      continue;
    }
    now.leader = at->second.figures.leader;
    at->second.figures = now;
    open.push_back(at->first);
    ++at;
  }
  while (!open.empty()) {
    const pid_t task = open.back();
    open.pop_back();
    add_relatives(task, open);
  }
  return known_;
}

Outcome Tasks::move(pid_t task, const Place& to) {
  TaskFigures figures;
  if (!read(task, figures)) return {ESRCH, fmt::format("No task {}", task)};
  refresh();
  const auto at = known_.find(task);
  const Place from = at == known_.end() ? Place{} : at->second.place;
  if (!to.mon.empty() && from.group != to.group)
    return {EINVAL, "Can't move task to different control group"};
  if (at == known_.end()) {  // its threads and children so far stay in the root group
    std::vector<pid_t> found;
    add(task, from, found);
    if (found.empty()) return {ESRCH, fmt::format("No task {}", task)};
    add_relatives(task, found);
  }
  known_.at(task).place = to;
  return {};
}

Outcome Tasks::write(const Place& to, std::string_view text, pid_t caller) {
  text = text.substr(0, text.find('\0'));  // to the kernel it is a string
  while (!text.empty() && text.front() != '\n') {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view word = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    int32_t task = 0;
    if (!parse(word, task)) return {EINVAL, fmt::format("Task list parsing error pid {}", word)};
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
