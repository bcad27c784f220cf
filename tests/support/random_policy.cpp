// Declarations of a random policy.
#include "random_policy.h"

#include <fmt/format.h>

namespace cbench::test {
namespace {

const char* name_of(Of of) {
  static const char* const kNames[] = {"bool",    "int",  "float", "time", "ratio", "bytes",
                                       "bytes/s", "mpki", "way",   "core", "count", "colour"};
  return kNames[static_cast<size_t>(of)];
}

}  // namespace

void RandomPolicy::declare_values() {
  out_ += "use std.stats\n";
  out_ += "param grant: way[3] = {1way, 2way, 4way} in 1way..8way\n";
  out_ += "fn pick(values: number[], i: int) -> number { return values[min(max(i, 0), len(values) - 1)] }\n";
  out_ += "optional perf.llc_mpki, app.latency_p95, app.queue: count, app.flow: bytes/s\n";
  out_ += "enum colour { red, green, blue }\n";
  out_ += "param span: time = 700ms in 100ms..2s\nparam ticks: step = 4step in 2step..8step\n";
  out_ += "param rounds: int = 3 in 0..4\n";
  for (size_t i = choose_.below(4); i > 0; --i) {
    const Of of = static_cast<Of>(choose_.below(11));
    params_.push_back({fresh("p"), of});
    out_ += fmt::format("param {}: {} = {}\n", params_.back().name, name_of(of), literal(of));
  }
  classes_ = choose_.one_in(2);
  if (classes_) {
    own_classes_ = choose_.one_in(2);
    if (own_classes_) out_ += "group lc = z in all where z.critical\n";
    out_ += fmt::format("class shared default, jail{}\n", own_classes_ ? ", own(z) for z in lc" : "");
    if (own_classes_) groups_.emplace_back("lc");
  }
  for (size_t i = 1 + choose_.below(5); i > 0; --i) {
    Named n{fresh("s"), static_cast<Of>(choose_.below(12)), choose_.one_in(2)};
    if (choose_.one_in(4)) n.size = static_cast<int>(1 + choose_.below(4));
    if (choose_.one_in(4)) n.part = choose_.one_in(3) ? "socket" : "domain";
    if (n.part != nullptr) n.per_container = false;
    const std::string of = n.part != nullptr ? fmt::format("(z: {})", n.part) : n.per_container ? "(z)" : "";
    out_ += fmt::format("state {}{}: {}{} = {}\n", n.name, of, name_of(n.of),
                        n.size > 0 ? fmt::format("[{}]", n.size) : "", literal(n.of));
    states_.push_back(n);
  }
  out_ += "fn if_first(z: container) -> int { return z.index }\n";
}

void RandomPolicy::declare_functions() {
  for (size_t i = choose_.below(3); i > 0; --i) {
    Named f{fresh("f"), static_cast<Of>(choose_.below(12))};
    Place at;
    at.pure = true;
    at.depth = 2;
    std::string parameters;
    for (size_t k = 1 + choose_.below(2); k > 0; --k) {
      const Of of = static_cast<Of>(choose_.below(12));
      const std::string name = fresh("x");
      f.parameters.push_back(of);
      parameters += fmt::format("{}{}: {}", parameters.empty() ? "" : ", ", name, name_of(of));
      at.lets.push_back({name, {name}});
      at.let_of.push_back(of);
    }
    const std::string guard = total(Of::Bool, at);
    const Expr first = expr(f.of, at);
    const Expr second = expr(f.of, at);
    f.per_container = first.optional || second.optional;
    out_ += fmt::format("fn {}({}) -> {} {{\nif {} {{ return {} }}\nreturn {}\n}}\n", f.name, parameters,
                        name_of(f.of), guard, first.text, second.text);
    functions_.push_back(f);
  }
  for (size_t i = choose_.below(2); i > 0; --i) {
    Named f{fresh("act"), Of::Ratio};
    Place at;
    at.containers = {fresh("c")};
    const std::string share = fresh("x");
    at.lets.push_back({share, {share}});
    at.let_of.push_back(Of::Ratio);
    at.depth = 2;
    out_ += fmt::format("fn {}({}: container, {}: ratio) -> plan {}\n", f.name, at.containers[0], share,
                        block(at, 2));
    plans_.push_back(f);
  }
}

void RandomPolicy::declare_streams() {
  for (size_t i = 1 + choose_.below(5); i > 0; --i) {
    Named n{fresh("m"), static_cast<Of>(choose_.below(11)), !choose_.one_in(4)};
    Place at;
    at.temporal = true;
    std::string subject;
    if (n.per_container) {
      at.containers = {fresh("c")};
      subject = "(" + at.containers[0] + ")";
    }
    const Expr x = expr(n.of, at);
    std::string value = x.text;
    if (choose_.one_in(4)) {  // its own past
      const std::string before = fmt::format("(prev({}{}) ?? {})", n.name, subject, literal(n.of));
      value = n.of == Of::Bool ? fmt::format("({} or {})", before, value)
                               : fmt::format("({} - {})", value, before);
    }
    out_ += fmt::format("stream {}{}: {} = {}\n", n.name, subject, name_of(n.of), value);
    streams_.push_back(n);
  }
  if (choose_.one_in(2)) {
    const std::string c = fresh("c");
    Place at;
    at.containers = {c};
    at.depth = 2;
    const std::string where = total(Of::Bool, at);
    const std::string name = fresh("g");
    out_ += fmt::format("group {} = {} in {} where {}\n", name, c, set(at), where);
    groups_.push_back(name);
  }
}

void RandomPolicy::when() {
  Place at;
  at.temporal = true;
  std::string each;
  if (!choose_.one_in(4)) {
    at.containers = {fresh("c")};
    Place where = at;
    where.temporal = false;
    where.depth = 2;
    each = fmt::format(" each {} in {}{}", at.containers[0], set(at),
                       choose_.one_in(3) ? " where " + total(Of::Bool, where) : "");
  }
  const std::string condition = expr(Of::Bool, at).text;
  Place plain = at;
  plain.temporal = false;
  plain.depth = 1;
  std::string hold;
  switch (choose_.below(5)) {
    case 0:
      hold = fmt::format(" for {} of {}", 1 + choose_.below(3), 3 + choose_.below(4));
      break;
    case 1:
      hold = fmt::format(" for {}", choose_.one_in(4) ? total(Of::Time, plain) : "250ms");
      break;
    case 2:
      hold = " for 100ms * 2";
      break;
    default:
      break;
  }
  std::string rest;
  if (choose_.one_in(2))
    rest = fmt::format(" cooldown {}", choose_.one_in(4) ? total(Of::Time, plain) : "300ms");
  plain.why = true;
  plain.depth = 3;
  out_ += fmt::format("when {}{}{}{} {}\n", condition, hold, each, rest,
                      block(plain, 1 + static_cast<int>(choose_.below(3))));
}

void RandomPolicy::failed() {
  static const char* const kOf[] = {"", "", "(quota)", "(pin c)", "(cores c)", "(quota c)", "(move c)"};
  std::string of = choose_.of(kOf);
  Place at;
  at.reason = true;
  if (of.ends_with(" c)")) {
    at.containers = {fresh("c")};
    of.replace(of.size() - 2, 1, at.containers[0]);
  }
  out_ += fmt::format("on failed{} {{\nlog \"{{action}}\"\nlog {}\n{}\n}}\n", of, words(at), statement(at));
}

void RandomPolicy::declare_rules() {
  Place nobody;
  for (size_t i = 2 + choose_.below(4); i > 0; --i) {
    switch (choose_.below(9)) {
      case 0:
        out_ += fmt::format("every {} {}\n", choose_.one_in(2) ? "300ms" : "span", block(nobody, 2));
        break;
      case 1: {
        static const char* const kEvents[] = {"start", "stop", "admit"};
        const std::string event = choose_.of(kEvents);
        Place at;
        at.containers = {fresh("c")};
        at.admit = event == "admit";
        out_ += fmt::format("on {}({}) {}\n", event, at.containers[0], block(at, 2));
        break;
      }
      case 2:
        out_ += fmt::format("on {} {}\n", choose_.one_in(2) ? "begin" : "end", block(nobody, 2));
        break;
      case 3:
        failed();
        break;
      case 4:
        task();
        break;
      default:
        when();
        break;
    }
  }
}

std::string RandomPolicy::text() {
  out_ = "policy t 1 \"random\"\n";
  declare_values();
  declare_functions();
  declare_streams();
  declare_rules();
  return out_;
}

std::vector<std::pair<std::string, std::string>> RandomPolicy::settings() {
  static const char* const kSpans[] = {"100ms", "2s", "450ms", "0.3s"};
  std::vector<std::pair<std::string, std::string>> out;
  const auto ways = [&] { return fmt::format("{}way", 1 + choose_.below(8)); };
  if (choose_.one_in(3)) out.emplace_back("span", choose_.of(kSpans));
  if (choose_.one_in(3)) out.emplace_back("ticks", fmt::format("{}step", 2 + choose_.below(7)));
  if (choose_.one_in(3)) out.emplace_back("rounds", fmt::format("{}", choose_.below(5)));
  if (choose_.one_in(4)) out.emplace_back("grant", fmt::format("{}, {},{}", ways(), ways(), ways()));
  if (choose_.one_in(4)) out.emplace_back(fmt::format("grant[{}]", choose_.below(3)), ways());
  for (const Named& p : params_) {
    if (choose_.one_in(2)) continue;
    std::string value = literal(p.of);
    std::erase(value, '_');
    if (value.size() < 16) out.emplace_back(p.name, value);  // beyond 9e15 is refused
  }
  return out;
}

}  // namespace cbench::test
