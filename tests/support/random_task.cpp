// Random tasks: waits, loops and trials. A container's name is only good until the next wait.
#include <cctype>

#include <fmt/format.h>

#include "random_policy.h"

namespace cbench::test {
namespace {

bool may_wait(const std::string& text) {
  return text.find("wait ") != std::string::npos || text.find("trial ") != std::string::npos;
}

bool names(const std::string& text, const std::string& name) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const char before = at > 0 ? text[at - 1] : ' ';
    const char after = at + name.size() < text.size() ? text[at + name.size()] : ' ';
    const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    if (!in_word(before) && !in_word(after)) return true;
  }
  return false;
}

}  // namespace

std::string RandomPolicy::length(const Place& at) {
  static const char* const kLengths[] = {"1step", "2step", "3", "300ms", "250ms", "ticks", "span", "rounds"};
  if (!choose_.one_in(10)) return choose_.of(kLengths);
  Place in = at;
  in.depth = 1;
  return total(choose_.one_in(2) ? Of::Time : Of::Int, in);
}

std::string RandomPolicy::wait(Place& at) {
  const auto pass = [&] {
    at.held.insert(at.held.end(), at.containers.begin(), at.containers.end());
    at.containers.clear();
  };
  if (!choose_.one_in(3)) {
    const std::string out = "wait " + length(at);
    pass();
    return out;
  }
  pass();
  Place in = at;
  in.depth = 2;
  const std::string until = expr(Of::Bool, in).text;
  return fmt::format("wait until {}{}", until, choose_.one_in(4) ? "" : " timeout " + length(at));
}

std::string RandomPolicy::trial_plan(const Place& at) {
  if (choose_.one_in(3)) {
    std::string text = choose_.one_in(2) ? action(at) : plan_call(at);
    for (const char* plain : {"quota", "cores", "ways", "mb", "move", "act"})
      if (text.starts_with(plain)) return text;
    return "{\n" + text + "\n}";
  }
  Place inside = at;
  inside.depth = 1;
  std::string text = "{\n" + plan_call(inside) + "\n";
  if (!at.held.empty() && choose_.one_in(2)) {
    Place with = inside;
    with.containers.push_back(fresh("c"));
    text += fmt::format("if let {} = {} {{\n{}\n}}\n", with.containers.back(),
                        at.held[choose_.below(at.held.size())], action(with));
  }
  if (choose_.one_in(2)) text += statement(inside) + "\n";
  return text + action(inside) + "\n}";
}

std::string RandomPolicy::trial(Place& at) {
  std::string plans = trial_plan(at);
  if (choose_.one_in(3)) plans += " or " + trial_plan(at);
  const std::string watch = length(at);
  Place then = at;
  then.containers.clear();
  for (const std::string& name : at.containers)
    if (names(plans, name)) then.containers.push_back(name);
  then.depth = 2;
  const std::string vote = expr(Of::Bool, then).text;
  std::string out = fmt::format("trial {} for {} vote {} else {}", plans, watch, vote,
                                choose_.one_in(3) ? "keep" : "revert");
  if (choose_.one_in(2)) out += " " + block(then, 2);
  at.held.insert(at.held.end(), at.containers.begin(), at.containers.end());
  at.containers.clear();
  return out;
}

/// Statements in which a task may wait.
std::string RandomPolicy::task_branch(Place& at) {
  Place in = at;
  in.depth = 2;
  Place below = at;
  --below.depth;
  std::string out;
  const auto inside = [&](Place place) { return task_block(place, 2); };
  switch (choose_.below(6)) {
    case 0:
      out = fmt::format("if {} {} else {}", total(Of::Bool, in), inside(below), inside(below));
      break;
    case 1: {
      if (at.held.empty()) return task_branch(at);
      const std::string name = fresh("c");
      Place with = below;
      with.containers.push_back(name);
      out = fmt::format("if let {} = {} {} else {}", name, at.held[choose_.below(at.held.size())],
                        inside(with), inside(below));
      break;
    }
    case 2:
      out = fmt::format("match {} {{\nred -> {}\nelse -> {}\n}}", total(Of::Colour, in), inside(below),
                        inside(below));
      break;
    case 3: {
      Place otherwise = below;
      otherwise.reason = true;
      out = fmt::format("try {} else {}", action(at), inside(otherwise));
      break;
    }
    default: {
      const std::string name = fresh("c");
      const std::string element = fresh("d");
      Place each = in;
      each.containers.push_back(element);
      Place with = below;
      with.containers.push_back(name);
      out = fmt::format("if let {} = {}({} in {}: {}) {}", name, choose_.one_in(2) ? "argmin" : "argmax",
                        element, set(at), expr(Of::Float, each).text, inside(with));
      break;
    }
  }
  if (may_wait(out)) {
    at.held.insert(at.held.end(), at.containers.begin(), at.containers.end());
    at.containers.clear();
  }
  return out;
}

std::string RandomPolicy::task_statement(Place& at) {
  switch (choose_.below(8)) {
    case 0:
      return wait(at);
    case 1:
    case 2:
      return trial(at);
    case 3:
    case 4:
      if (at.depth > 0) return task_branch(at);
      return trial(at);
    case 5: {
      const std::string element = fresh("d");
      Place each = at;
      each.depth = 1;
      each.containers.push_back(element);
      const std::string name = fresh("c");
      std::string out =
          fmt::format("let {} = argmax({} in {}: {})", name, element, set(at), expr(Of::Mpki, each).text);
      at.held.push_back(name);
      return out;
    }
    default:
      return statement(at);
  }
}

std::string RandomPolicy::task_block(Place& at, int statements) {
  std::string out = "{\n";
  for (int i = 0; i < statements; ++i) out += task_statement(at) + "\n";
  return out + "}";
}

void RandomPolicy::task() {
  Place at;
  at.depth = 3;
  std::string before;
  if (choose_.one_in(3)) before = task_statement(at) + "\n";
  at.held.insert(at.held.end(), at.containers.begin(), at.containers.end());
  at.containers.clear();  // a loop's end leads to its begin
  out_ += fmt::format("task {} {{\n{}loop {{\n{}\n", fresh("task"), before, wait(at));
  std::string body = task_block(at, 2 + static_cast<int>(choose_.below(3)));
  out_ += body.substr(2) + "\n}\n";
}

}  // namespace cbench::test
