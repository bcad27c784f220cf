// Random sets, questions to them, and operators with a memory.
#include <fmt/format.h>

#include "random_policy.h"

namespace cbench::test {

std::string RandomPolicy::set(const Place&) {
  std::vector<std::string> all = {"all", "all"};
  if (classes_) all.insert(all.end(), {"jail.members", "shared.members"});
  if (own_classes_) all.emplace_back("own.members");
  all.insert(all.end(), groups_.begin(), groups_.end());
  return all[choose_.below(all.size())];
}

std::string RandomPolicy::cpu_set(const Place& at) {
  if (!at.domains.empty() && choose_.one_in(3)) return choose_.of(at.domains) + ".cpus";
  if (!at.sockets.empty() && choose_.one_in(3)) return choose_.of(at.sockets) + ".cpus";
  switch (choose_.below(3)) {
    case 0:
      if (!at.containers.empty()) return container(at) + ".cpus";
      return "host.cpus";
    case 1:
      return "host.cpus";
    default:
      return fmt::format("{{{}, {}..{}}}", choose_.below(4), choose_.below(5), 1 + choose_.below(6));
  }
}

std::string RandomPolicy::ordered(const Place& at, bool of_cpus) {
  Place each = inner(at);
  each.temporal = false;
  const std::string count = total(Of::Int, each);
  const std::string name = fresh(of_cpus ? "k" : "d");
  (of_cpus ? each.cpus : each.containers).push_back(name);
  const std::string from = of_cpus ? cpu_set(at) : set(at);
  const std::string filter = choose_.one_in(3) ? " where " + total(Of::Bool, each) : "";
  const Expr key = expr(static_cast<Of>(1 + choose_.below(kNumbers)), each);
  const std::string choice = fmt::format("{} in {}{}: {}", name, from, filter, key.text);
  if (choose_.one_in(3)) return fmt::format("sort({})", choice);
  return fmt::format("{}({}, {})", choose_.one_in(2) ? "top" : "bottom",
                     choose_.one_in(2) ? std::to_string(choose_.below(4)) : count, choice);
}

/// A question to a range of ints.
RandomPolicy::Expr RandomPolicy::of_range(Of of, const Place& at) {
  Place each = inner(at);
  each.temporal = false;
  const std::string name = fresh("i");
  each.lets.push_back({name, {name}});
  each.let_of.push_back(Of::Int);
  const std::string filter = choose_.one_in(3) ? " where " + total(Of::Bool, each) : "";
  const std::string head = fmt::format("{} in {}..{}{}", name, choose_.one_in(4) ? "rounds - 2" : "1",
                                       choose_.one_in(3) ? "rounds * 2" : "3", filter);
  if (of == Of::Bool) {
    const Expr body = expr(of, each);
    return {fmt::format("{}({}: {})", choose_.one_in(2) ? "any" : "all", head, body.text), body.optional};
  }
  if (of == Of::Count && choose_.one_in(2)) return {fmt::format("count({})", head), false};
  if (of == Of::Int && choose_.one_in(2)) {
    const Expr key = expr(static_cast<Of>(1 + choose_.below(kNumbers)), each);
    return {fmt::format("{}({}: {})", choose_.one_in(2) ? "argmin" : "argmax", head, key.text), true};
  }
  const Expr body = expr(of, each);
  static const char* const kQuestions[] = {"sum", "min", "max"};
  const std::string question = choose_.of(kQuestions);
  return {fmt::format("{}({}: {})", question, head, body.text), question != "sum" || body.optional};
}

/// A call of a function whose parameters are open.
RandomPolicy::Expr RandomPolicy::open_call(Of of, const Place& at) {
  const Place in = inner(at);
  std::vector<std::string> arrays;
  for (const Named& n : states_)
    if (n.of == of && n.size > 0 && !at.pure && there(n, at)) arrays.push_back(of_which(n, at));
  if (of == Of::Way && !at.pure) arrays.emplace_back("grant");
  if (!arrays.empty() && choose_.one_in(2)) {
    const Expr index = expr(Of::Int, in);
    return {fmt::format("pick({}, {})", arrays[choose_.below(arrays.size())], index.text), index.optional};
  }
  const Expr x = expr(of, in), low = expr(of, in), high = expr(of, in);
  return {fmt::format("stats.clamp({}, {}, {})", x.text, low.text, high.text),
          x.optional || low.optional || high.optional};
}

RandomPolicy::Expr RandomPolicy::of_set(Of of, const Place& at) {
  if (choose_.one_in(5)) return of_range(of, at);
  Place in = inner(at);
  const bool of_cpus = choose_.one_in(5) && !at.temporal;
  const std::string name = fresh(of_cpus ? "k" : "d");
  const std::string from = choose_.one_in(4) ? ordered(at, of_cpus) : of_cpus ? cpu_set(at) : set(at);
  Place each = in;  // what depends on the element alone
  (of_cpus ? each.cpus : each.containers).push_back(name);
  if (at.temporal && !of_cpus) each.containers = {name};
  Place where = each;
  where.temporal = false;
  std::string filter;
  if (choose_.one_in(3)) filter = " where " + total(Of::Bool, where);
  const std::string head = fmt::format("{} in {}{}", name, from, filter);
  if (of == Of::Bool) {
    const Expr body = expr(Of::Bool, each);
    return {fmt::format("{}({}: {})", choose_.one_in(2) ? "any" : "all", head, body.text), body.optional};
  }
  if (of == Of::Count && choose_.one_in(2)) return {fmt::format("count({})", head), false};
  if (choose_.one_in(4) && !of_cpus && of == Of::Int) {
    const Expr key = expr(static_cast<Of>(1 + choose_.below(kNumbers)), each);
    return {
        fmt::format("(if_first({}({}: {})) ?? 0)", choose_.one_in(2) ? "argmin" : "argmax", head, key.text),
        false};
  }
  if (of == Of::Count && choose_.one_in(4)) {
    Place other = inner(at);
    const std::string domain = fresh("h");
    other.temporal = false;
    other.domains.push_back(domain);
    return {fmt::format("count({} in host.domains where {})", domain, total(Of::Bool, other)), false};
  }
  const Expr body = expr(of, each);
  const bool fraction = of == Of::Float || of == Of::Ratio || of == Of::Mpki || of == Of::Flow;
  switch (choose_.below(fraction ? 4 : 3)) {
    case 0:
      return {fmt::format("sum({}: {})", head, body.text), body.optional};
    case 1:
      return {fmt::format("min({}: {})", head, body.text), true};
    case 2:
      return {fmt::format("max({}: {})", head, body.text), true};
    default:
      return {fmt::format("avg({}: {})", head, body.text), true};
  }
}

/// An operator with a memory whose value has the type; what has none such is asked as usual.
RandomPolicy::Expr RandomPolicy::remembered(Of of, const Place& at) {
  Place in = inner(at);
  static const char* const kLengths[] = {"300ms", "1s", "450ms", "5step", "2step", "span", "ticks"};
  static const char* const kTimes[] = {"300ms", "1s", "450ms", "span"};
  const std::string length = choose_.of(kLengths);
  const std::string least = choose_.one_in(2) ? "" : fmt::format(", min {}", 1 + choose_.below(2));
  const auto some = [&] { return static_cast<Of>(1 + choose_.below(kNumbers)); };
  if (of == Of::Bool) {
    switch (choose_.below(5)) {
      case 0: {
        static const char* const kEdges[] = {"rises", "falls", "changed"};
        return {fmt::format("{}({})", choose_.of(kEdges), expr(Of::Bool, in).text), true};
      }
      case 1:
        return {fmt::format("changed({})", expr(choose_.one_in(5) ? Of::Colour : some(), in).text), true};
      case 2:
        return {fmt::format("hold({} over {}{})", expr(Of::Bool, in).text, length, least), true};
      default: {
        const Of what = some();
        return {fmt::format("schmitt({}, on: {}, off: {})", expr(what, in).text, literal(what),
                            choose_.one_in(3) ? total(what, in) : literal(what)),
                true};
      }
    }
  }
  if (of == Of::Colour) return leaf(of, at);
  if (of == Of::Count)
    return {fmt::format("count({} over {}{})", expr(choose_.one_in(2) ? Of::Bool : some(), in).text, length,
                        least),
            true};
  if (of == Of::Flow && choose_.one_in(2)) {
    static const char* const kCounters[] = {".docker.network_rx_bytes", ".docker.disk_read_bytes",
                                            ".docker.memory_usage"};
    const std::string what = at.containers.empty() ? "host.memory" : container(at) + choose_.of(kCounters);
    const bool before = choose_.one_in(3);
    return {before ? fmt::format("rate({})", what)
                   : fmt::format("{}({} over {}{})", "rate", what, choose_.of(kTimes), least),
            true};
  }
  if (of == Of::Ratio && choose_.one_in(3)) {  // time a second
    if (at.containers.empty()) return leaf(of, at);
    return {fmt::format("(rate({}.{} over {}) / 2 + 1%)", container(at),
                        choose_.one_in(2) ? "docker.cpu_usage_total" : "perf.task_clock", choose_.of(kTimes)),
            true};
  }
  if (of != Of::Float && of != Of::Ratio && of != Of::Flow && of != Of::Mpki) {
    const Expr x = expr(of, in);
    if (choose_.one_in(2)) return {fmt::format("hold({} over {}{})", x.text, length, least), true};
    static const char* const kRounded[] = {"avg", "max", "sum", "p50", "p95", "delta"};
    if (of == Of::Time) return x;
    return {fmt::format("round({}({} over {}{}))", choose_.of(kRounded), x.text, length, least), true};
  }
  const Expr x = expr(of, in);
  switch (choose_.below(6)) {
    case 0:
      return {fmt::format("ewma({}, half: {})", x.text, choose_.of(kTimes)), true};
    case 1:
      return {fmt::format("delta({})", x.text), true};
    case 2:
      if (of == Of::Ratio)
        return {fmt::format("delta({})", x.text), true};  // a ratio a second is a plain one
      return {fmt::format("({}({} over {}) * 1s)", choose_.one_in(2) ? "slope" : "rate", x.text,
                          choose_.of(kTimes)),
              true};
    default: {
      static const char* const kWindows[] = {"avg", "sum", "min", "max",   "sd",
                                             "p50", "p95", "p99", "delta", "hold"};
      return {fmt::format("{}({} over {}{})", choose_.of(kWindows), x.text, length, least), true};
    }
  }
}

}  // namespace cbench::test
