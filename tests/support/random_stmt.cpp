// Random statements: assignments, choices, loops, actions and texts.
#include <fmt/format.h>

#include "random_policy.h"

namespace cbench::test {

std::string RandomPolicy::block(Place at, int statements) {
  std::string out = "{\n";
  for (int i = 0; i < statements; ++i) out += statement(at) + "\n";
  return out + "}";
}

std::string RandomPolicy::words(const Place& at) {
  std::string out = "t";
  const size_t parts = choose_.below(4);
  for (size_t i = 0; i < parts; ++i) {
    Place in = at;
    in.depth = 1;
    if (!at.domains.empty() && choose_.one_in(3)) {
      out += fmt::format(" {{{}}}", choose_.of(at.domains));
      continue;
    }
    switch (choose_.below(6)) {
      case 0:
        if (!at.containers.empty())
          out += fmt::format(" {{{}.{}}}", container(at), choose_.one_in(2) ? "name" : "role");
        break;
      case 1:
        out += at.why ? " {why}" : " {{}}";
        break;
      case 2:
        out += at.reason ? " {reason}" : " -";
        break;
      default:
        out += fmt::format(" {{{}}}", expr(static_cast<Of>(choose_.below(12)), in).text);
        break;
    }
  }
  return "\"" + out + "\"";
}

std::string RandomPolicy::action(const Place& at) {
  static const char* const kAssign[] = {"=", "=", "+=", "-="};
  static const char* const kPeriods[] = {"100ms", "0.2s", "300ms", "2s"};
  Place in = at;
  in.depth = 2;
  const bool someone = !at.containers.empty();
  if (at.admit) {
    if (choose_.one_in(4)) return fmt::format("reject {} {}", container(at), words(at));
    return fmt::format("pin {} to {}", container(at), cpu_set(at));
  }
  switch (choose_.below(10)) {
    case 6:
      if (!someone) break;
      if (choose_.one_in(2))
        return fmt::format("{} {}", choose_.one_in(2) ? "pause" : "resume", container(at));
      return fmt::format("sample {} every {}", container(at), choose_.of(kPeriods));
    case 0:
      if (!someone) break;
      return fmt::format("cores({}) {} {}", container(at), choose_.of(kAssign),
                         choose_.one_in(2) ? total(Of::Core, in) : literal(Of::Core));
    case 1: {
      if (!someone) break;
      if (choose_.one_in(3)) {
        const std::string k = fresh("k");
        Place each = in;
        each.cpus.push_back(k);
        return fmt::format("pin {} to {}({}, {} in {}: {})", container(at),
                           choose_.one_in(2) ? "top" : "bottom", 1 + choose_.below(3), k, cpu_set(at),
                           expr(Of::Float, each).text);
      }
      if (!at.cpus.empty() && choose_.one_in(2))
        return fmt::format("pin {} to {}", container(at), at.cpus[choose_.below(at.cpus.size())]);
      return fmt::format("pin {} to {}", container(at), cpu_set(at));
    }
    case 2:
    case 3:
      if (!classes_) break;
      if (own_classes_ && someone && choose_.one_in(3))
        return fmt::format("ways{} {} {}", share("own(" + container(at) + ")", at), choose_.of(kAssign),
                           literal(Of::Way));
      if (choose_.one_in(3))
        return fmt::format("mb{} {} {}", share("jail", at), choose_.of(kAssign), total(Of::Ratio, in));
      if (choose_.one_in(3))
        return fmt::format("mb_rate{} {} {}", share("jail", at), choose_.of(kAssign),
                           choose_.one_in(6) ? "unlimited" : total(Of::Flow, in));
      return fmt::format("ways{} {} {}", share(choose_.one_in(2) ? "jail" : "shared", at),
                         choose_.of(kAssign), choose_.one_in(2) ? total(Of::Way, in) : "1way");
    case 4:
      if (!classes_ || !someone) break;
      return fmt::format("move {} -> {}", container(at),
                         own_classes_ && choose_.one_in(3) ? "own(" + container(at) + ")"
                         : choose_.one_in(2)               ? "jail"
                                                           : "shared");
    case 5:
      if (!classes_) break;
      return fmt::format("layout l3 {{ jail: {}, {}shared: rest }}", total(Of::Way, in),
                         own_classes_ && choose_.one_in(2) ? "own: 1way, " : "");
    default:
      break;
  }
  if (!someone) return fmt::format("log {}", words(at));
  return fmt::format("quota({}) {} {}", container(at), choose_.of(kAssign),
                     choose_.one_in(6)   ? "unlimited"
                     : choose_.one_in(2) ? total(Of::Ratio, in)
                                         : literal(Of::Ratio));
}

std::string RandomPolicy::assignment(const Place& at) {
  std::vector<const Named*> all;
  for (const Named& n : states_)
    if (there(n, at)) all.push_back(&n);
  if (all.empty()) return "log \"none\"";
  const Named& n = *all[choose_.below(all.size())];
  Place in = at;
  in.depth = 2;
  const bool number = n.of != Of::Bool && n.of != Of::Colour;
  const std::string to = read(n, at);
  return fmt::format("{} {} {}", to, number && choose_.one_in(2) ? "+=" : "=", total(n.of, in));
}

std::string RandomPolicy::plan_call(const Place& at) {
  if (plans_.empty() || at.containers.empty() || at.admit) return action(at);
  const Named& f = plans_[choose_.below(plans_.size())];
  Place in = at;
  in.depth = 1;
  return fmt::format("{}({}, {})", f.name, container(at), total(Of::Ratio, in));
}

std::string RandomPolicy::choice(Place& at) {
  Place in = at;
  in.depth = 2;
  Place below = at;
  --below.depth;
  switch (choose_.below(6)) {
    case 0:
      if (choose_.one_in(4))
        return choose_.one_in(2)
                   ? fmt::format("match host.mb_kind {{\nrate -> {}\nelse -> {}\n}}", block(below, 1),
                                 block(below, 1))
                   : fmt::format("if host.mb_kind {} percent {} else {}",
                                 choose_.one_in(2) ? "==" : "!=", block(below, 1), block(below, 1));
      return fmt::format("if {} {} else {}", total(Of::Bool, in), block(below, 1), block(below, 1));
    case 1: {
      const Of of = static_cast<Of>(choose_.below(12));
      const std::string name = fresh("v");
      Place with = below;
      with.lets.push_back({name, {name}});
      with.let_of.push_back(of);
      return fmt::format("if let {} = {} {} else {}", name, expr(of, in).text, block(with, 2),
                         block(below, 1));
    }
    case 2:
      return fmt::format("match {} {{\nred -> {}\n{} -> {}\n}}", total(Of::Colour, in), block(below, 1),
                         choose_.one_in(2) ? "green, blue" : "else", block(below, 1));
    case 3: {
      if (choose_.one_in(4)) {
        const bool domains = !choose_.one_in(3);
        const std::string name = fresh("h");
        Place each = below;
        (domains ? each.domains : each.sockets).push_back(name);
        Place where = each;
        where.depth = 1;
        const std::string filter = choose_.one_in(3) ? " where " + total(Of::Bool, where) : "";
        const std::string from = domains ? "host.domains" : "host.sockets";
        if (choose_.one_in(3))
          return fmt::format("if let {0} = {1}({0} in {2}{3}: {4}) {5}", name,
                             choose_.one_in(2) ? "argmin" : "argmax", from, filter,
                             expr(static_cast<Of>(1 + choose_.below(kNumbers)), where).text, block(each, 2));
        return fmt::format("for {} in {}{} {}", name, from, filter, block(each, 1));
      }
      const bool cpus = choose_.one_in(4);
      const std::string name = fresh(cpus ? "k" : "e");
      Place each = below;
      (cpus ? each.cpus : each.containers).push_back(name);
      Place where = each;
      where.depth = 1;
      const std::string filter = choose_.one_in(2) ? " where " + total(Of::Bool, where) : "";
      if (!cpus && choose_.one_in(4)) {
        const std::string other = fresh("e");
        each.containers.push_back(other);
        return fmt::format("for {}, {} in pairs({}){} {}", name, other, set(at), filter, block(each, 1));
      }
      const std::string from = choose_.one_in(3) ? ordered(in, cpus) : cpus ? cpu_set(at) : set(at);
      return fmt::format("for {} in {}{} {}", name, from, filter, block(each, 1));
    }
    case 4: {
      const std::string name = fresh("i");
      Place each = below;
      each.lets.push_back({name, {name}});
      each.let_of.push_back(Of::Int);
      return fmt::format("for {} in {}..{} {}", name, choose_.below(3), choose_.one_in(3) ? "rounds" : "2",
                         block(each, 1));
    }
    default:
      return fmt::format("repeat <= {} while {} {}", 1 + choose_.below(3), total(Of::Bool, in),
                         block(below, 1));
  }
}

std::string RandomPolicy::statement(Place& at) {
  static const char* const kLevels[] = {"", "debug ", "info ", "warn ", "error "};
  Place in = at;
  in.depth = 2;
  switch (choose_.below(12)) {
    case 0: {
      const Of of = static_cast<Of>(choose_.below(12));
      const std::string name = fresh("v");
      const Expr x = expr(of, in);
      at.lets.push_back({name, {name, x.optional}});
      at.let_of.push_back(of);
      return fmt::format("let {} = {}", name, x.text);
    }
    case 1:
    case 2:
      return assignment(at);
    case 3:
    case 4:
      if (at.depth > 1) return choice(at);
      return fmt::format("log {}{}", choose_.of(kLevels), words(at));
    case 5:
      return fmt::format("log {}{}", choose_.of(kLevels), words(at));
    case 6:
      if (at.containers.empty() || choose_.one_in(3)) return fmt::format("annotate {}", words(at));
      return fmt::format("annotate {} {}", container(at), words(at));
    case 7:
      return fmt::format("emit e{} {}", choose_.below(3),
                         expr(static_cast<Of>(1 + choose_.below(kNumbers)), in).text);
    case 8: {
      Place otherwise = at;
      otherwise.reason = true;
      --otherwise.depth;
      const std::string end = choose_.one_in(3) ? "return\n" : "";
      std::string body = action(at);
      if (choose_.one_in(2)) {
        Place inside = at;
        --inside.depth;
        body = "{\n" + action(at) + "\n" + (at.depth > 1 ? statement(inside) + "\n" : "") + plan_call(at) +
               "\n" + (choose_.one_in(4) ? "return\n" : "") + "}";
      }
      return fmt::format("try {} else {{\nlog warn {}\n{}}}", body, words(otherwise), end);
    }
    case 9:
      return plan_call(at);
    case 10:
      if (choose_.one_in(20) && !at.admit)
        return fmt::format("if {} {{ stop {} }}", total(Of::Bool, in), words(at));
      if (choose_.one_in(4)) return fmt::format("if {} {{ return }}", total(Of::Bool, in));
      return action(at);
    default:
      return action(at);
  }
}

}  // namespace cbench::test
