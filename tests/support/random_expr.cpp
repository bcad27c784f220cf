// Random expressions: by type, with what may be missing known.
#include <fmt/format.h>

#include "random_policy.h"

namespace cbench::test {

std::string RandomPolicy::literal(Of of) {
  static const char* const kInts[] = {
      "0", "1", "2", "3", "7", "-1", "100", "1_000_000", "9_000_000_000_000_000_000"};
  static const char* const kFloats[] = {"0.5", "1.5", "-2.25", "0.0", "1000000.25", "0.1"};
  static const char* const kTimes[] = {"0s", "100ms", "250ms", "1s", "1min", "1ns", "3us"};
  static const char* const kRatios[] = {"0%", "5%", "50%", "80%", "150%", "0.3%"};
  static const char* const kBytes[] = {"0B", "1B", "4KiB", "20MiB", "3GB", "1GiB"};
  static const char* const kFlows[] = {"1B/s", "5MiB/s", "20GB/s"};
  static const char* const kMpkis[] = {"0.5mpki", "8mpki", "15mpki"};
  static const char* const kWays[] = {"1way", "2way", "3way", "12way"};
  static const char* const kCores[] = {"1core", "2core", "3core"};
  switch (of) {
    case Of::Bool:
      return choose_.one_in(2) ? "true" : "false";
    case Of::Float:
      return choose_.of(kFloats);
    case Of::Time:
      return choose_.of(kTimes);
    case Of::Ratio:
      return choose_.of(kRatios);
    case Of::Bytes:
      return choose_.of(kBytes);
    case Of::Flow:
      return choose_.of(kFlows);
    case Of::Mpki:
      return choose_.of(kMpkis);
    case Of::Way:
      return choose_.of(kWays);
    case Of::Core:
      return choose_.of(kCores);
    case Of::Colour:
      return choose_.one_in(2) ? "red" : choose_.one_in(2) ? "green" : "blue";
    default:
      return choose_.one_in(8) ? choose_.of(kInts) : kInts[choose_.below(5)];
  }
}

std::string RandomPolicy::read(const Named& n, const Place& at) {
  std::string out = n.name;
  if (n.per_container || n.part != nullptr) out = of_which(n, at);
  if (n.size == 0) return out;
  if (!choose_.one_in(3)) return out + fmt::format("[{}]", choose_.below(static_cast<size_t>(n.size)));
  Place index = at;
  index.depth = 0;
  return out + fmt::format("[abs({}) % {}]", total(Of::Int, index), n.size);
}

RandomPolicy::Expr RandomPolicy::leaf(Of of, const Place& at) {
  std::vector<Expr> all;
  const auto named = [&](const std::vector<Named>& from, bool optional) {
    for (const Named& n : from) {
      if (n.of != of || !there(n, at) || n.size > 0) continue;
      all.push_back({read(n, at), optional});
    }
  };
  for (const Named& n : params_)
    if (n.of == of) all.push_back({n.name, false});
  for (size_t i = 0; i < at.lets.size(); ++i)
    if (at.let_of[i] == of) all.insert(all.end(), 2, at.lets[i].second);
  named(states_, false);
  named(streams_, true);
  for (const Named& n : states_)
    if (n.of == of && n.size > 0 && there(n, at) && at.depth > 0)
      all.push_back(
          {fmt::format("{}[{}]", of_which(n, at), choose_.below(static_cast<size_t>(n.size))), false});
  for (const Named& n : streams_)
    if (n.of == of && there(n, at) && choose_.one_in(3)) all.push_back({"prev(" + read(n, at) + ")", true});
  const auto of_container = [&](const char* field, bool optional) {
    if (!at.containers.empty()) all.push_back({container(at) + field, optional});
  };
  const auto of_run = [&](const char* what) { all.push_back({what, false}); };
  switch (of) {
    case Of::Bool:
      of_container(".critical", false);
      of_container(".priority", false);
      if (!at.containers.empty()) all.push_back({"(" + container(at) + ".name == \"b\")"});
      if (!at.containers.empty()) all.push_back({"(" + container(at) + ".role != \"db\")"});
      of_run("has(perf.llc_mpki)");
      of_run("has(app.latency_p95)");
      break;
    case Of::Int:
      of_container(".index", false);
      of_run("host.num_sockets");
      of_run("host.num_domains");
      break;
    case Of::Float:
      break;
    case Of::Time:
      of_container(".app.latency_p95", true);
      of_container(".target.latency_p95", true);
      of_container(".perf.task_clock", true);
      of_run("now");
      of_run("dt");
      break;
    case Of::Ratio:
      for (int i = 0; i < 3; ++i) of_container(".docker.cpu_usage_percent", true);
      of_container(".perf.branch_miss_rate", true);
      of_container(".rdt.mba_throttle", true);
      of_container(".ipce", true);
      if (!at.containers.empty()) all.push_back({"quota(" + container(at) + ")", false});
      if (classes_) all.push_back({"mb" + share("jail", at), false});
      break;
    case Of::Bytes:
      of_container(".docker.memory_usage", true);
      of_container(".docker.memory_limit", true);
      of_run("host.memory");
      break;
    case Of::Flow:
      of_container(".rdt.memory_bandwidth_total", true);
      of_container(".app.flow", true);
      all.push_back({"host.peak_bandwidth", true});
      if (classes_) all.push_back({"mb_rate" + share("jail", at), false});
      break;
    case Of::Mpki:
      of_container(".perf.llc_mpki", true);
      of_container(".target.llc_mpki", true);
      break;
    case Of::Way:
      of_container(".rdt.l3_ways", true);
      of_run("host.l3_ways");
      if (classes_) all.push_back({"ways" + share("shared", at), false});
      if (own_classes_ && !at.containers.empty()) all.push_back({"ways(own(" + container(at) + "))", true});
      break;
    case Of::Core:
      of_container(".num_cores", false);
      if (!at.containers.empty()) all.push_back({"cores(" + container(at) + ")", false});
      of_run("host.num_cpus");
      break;
    case Of::Count:
      of_container(".docker.pids", true);
      of_container(".perf.page_faults", true);
      of_container(".app.queue", true);
      of_container(".target.queue", true);
      break;
    case Of::Colour:
      break;
  }
  if (at.pure) all.clear();
  if (at.pure)
    for (size_t i = 0; i < at.lets.size(); ++i)
      if (at.let_of[i] == of) all.push_back(at.lets[i].second);
  if (all.empty() || choose_.one_in(4)) return {literal(of)};
  return all[choose_.below(all.size())];
}

RandomPolicy::Expr RandomPolicy::expr(Of of, const Place& at) {
  if (at.depth <= 0) return leaf(of, at);
  const Place in = inner(at);
  if (at.temporal && choose_.one_in(4)) return remembered(of, at);
  if (choose_.one_in(6)) {
    std::vector<const Named*> fitting;
    for (const Named& f : functions_)
      if (f.of == of) fitting.push_back(&f);
    if (!fitting.empty()) return call(*fitting[choose_.below(fitting.size())], in);
  }
  if (choose_.one_in(8)) {
    const Expr x = expr(of, in);
    if (!x.optional) return x;
    const Expr y = expr(of, in);
    return {fmt::format("({} ?? {})", x.text, y.text), y.optional};
  }
  if (!at.pure && choose_.one_in(6) && of != Of::Colour) return of_set(of, in);
  if (of != Of::Bool && of != Of::Colour && choose_.one_in(10)) return open_call(of, in);
  if (of == Of::Bool) return truth(at);
  if (of == Of::Colour) {
    const Expr x = expr(of, in);
    return {choose_.one_in(2) ? "next(" + x.text + ")" : x.text, x.optional};
  }
  return choose_.one_in(4) ? leaf(of, at) : number(of, at);
}

RandomPolicy::Expr RandomPolicy::number(Of of, const Place& at) {
  const Place in = inner(at);
  const bool whole = of != Of::Float && of != Of::Ratio && of != Of::Flow && of != Of::Mpki;
  const Expr x = expr(of, in);
  switch (choose_.below(8)) {
    case 0:
    case 1: {
      const Expr y = expr(of, in);
      return {fmt::format("({} {} {})", x.text, choose_.one_in(2) ? "+" : "-", y.text),
              x.optional || y.optional};
    }
    case 2: {
      const Expr y = expr(of, in);
      return {fmt::format("{}({}, {})", choose_.one_in(2) ? "min" : "max", x.text, y.text),
              x.optional || y.optional};
    }
    case 3:
      return {choose_.one_in(2) ? "abs(" + x.text + ")" : "(-(" + x.text + "))", x.optional};
    case 4: {  // a multiple
      const Expr y = expr(whole ? Of::Int : Of::Float, in);
      return {fmt::format("({} * {})", x.text, y.text), x.optional || y.optional};
    }
    case 5: {
      const Expr y = expr(of, in);
      if (whole && of != Of::Count) return {fmt::format("({} % {})", x.text, y.text), true};
      if (of == Of::Float) return {fmt::format("({} / {})", x.text, y.text), true};
      if (of == Of::Ratio)
        return {fmt::format("({} / {})", expr(Of::Bytes, in).text, expr(Of::Bytes, in).text), true};
      if (of == Of::Flow)
        return {fmt::format("({} / {})", expr(Of::Bytes, in).text, expr(Of::Time, in).text), true};
      return x;
    }
    case 6:
      if (of == Of::Int)
        return {fmt::format("{}({})",
                            choose_.one_in(3)   ? "floor"
                            : choose_.one_in(2) ? "ceil"
                                                : "round",
                            expr(Of::Float, in).text),
                true};
      if (of == Of::Float && choose_.one_in(2)) {
        const Expr plain = expr(choose_.one_in(3) ? Of::Ratio : choose_.one_in(2) ? Of::Int : Of::Float, in);
        if (choose_.one_in(3)) return {fmt::format("exp2({})", plain.text), plain.optional};
        return {fmt::format("log2({})", plain.text), true};
      }
      if (of == Of::Float)
        return {fmt::format("({} / {})", expr(Of::Int, in).text, expr(Of::Int, in).text), true};
      if (of == Of::Ratio && choose_.one_in(2)) return {fmt::format("sqrt({})", x.text), true};
      if (of == Of::Ratio)
        return {fmt::format("({} / {})", expr(Of::Time, in).text, expr(Of::Time, in).text), true};
      if (of == Of::Bytes) return {fmt::format("round({} * {})", x.text, expr(Of::Float, in).text), true};
      return x;
    default:
      if (of == Of::Mpki || of == Of::Flow || of == Of::Ratio) {
        static const char* const kDivisors[] = {"2", "0.5", "3"};
        return {fmt::format("({} / {})", x.text, choose_.of(kDivisors)), x.optional};
      }
      return x;
  }
}

RandomPolicy::Expr RandomPolicy::truth(const Place& at) {
  if (!at.pure && choose_.one_in(10)) {
    static const char* const kMetrics[] = {".perf.llc_mpki", ".docker.cpu_usage_total", ".docker.pids"};
    static const char* const kCauses[] = {"present", "never", "not_due", "stale", "unsupported", "lost"};
    std::vector<std::string> all;
    for (const Named& n : streams_)
      if (there(n, at)) all.push_back(of_which(n, at));
    if (!at.containers.empty()) all.push_back(container(at) + choose_.of(kMetrics));
    if (!all.empty())
      return {fmt::format("(cause({}) {} {})", choose_.of(all),
                          choose_.one_in(2) ? "==" : "!=", choose_.of(kCauses)),
              false};
  }
  const Place in = inner(at);
  switch (choose_.below(7)) {
    case 0:
    case 1: {
      const Expr x = expr(Of::Bool, in);
      const Expr y = expr(Of::Bool, in);
      return {fmt::format("(({}) {} ({}))", x.text, choose_.one_in(2) ? "and" : "or", y.text),
              x.optional || y.optional};
    }
    case 2: {
      const Expr x = expr(Of::Bool, in);
      return {fmt::format("(not ({}))", x.text), x.optional};
    }
    case 3: {
      if (at.containers.empty() || at.pure) break;
      if (choose_.one_in(3) && !at.cpus.empty())
        return {fmt::format("({} in {})", at.cpus[choose_.below(at.cpus.size())], cpu_set(in))};
      return {fmt::format("({} in {})", container(at), set(in))};
    }
    case 4: {
      const Of of = choose_.one_in(3) ? Of::Colour : Of::Bool;
      const Expr x = expr(of, in);
      const Expr y = expr(of, in);
      return {fmt::format("(({}) {} ({}))", x.text, choose_.one_in(2) ? "==" : "!=", y.text),
              x.optional || y.optional};
    }
    default:
      break;
  }
  static const char* const kOperators[] = {"<", "<=", ">", ">=", "==", "!="};
  const Of of = static_cast<Of>(1 + choose_.below(kNumbers));
  const Expr x = expr(of, in);
  const Expr y = expr(of, in);
  return {fmt::format("({} {} {})", x.text, choose_.of(kOperators), y.text), x.optional || y.optional};
}

std::string RandomPolicy::total(Of of, const Place& at) {
  const Expr x = expr(of, at);
  return x.optional ? fmt::format("(({}) ?? {})", x.text, literal(of)) : x.text;
}

RandomPolicy::Expr RandomPolicy::call(const Named& f, const Place& at) {
  Expr out{f.name + "(", false};
  for (size_t i = 0; i < f.parameters.size(); ++i) {
    const Expr x = expr(f.parameters[i], at);
    out.text += (i > 0 ? ", " : "") + x.text;
    out.optional |= x.optional;
  }
  out.text += ")";
  out.optional |= f.per_container;  // stands for: its result may be missing
  return out;
}

}  // namespace cbench::test
