#include "policy_mutator.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "choices.h"
#include "compiler/parse/encoding.h"
#include "compiler/parse/parse.h"
#include "compiler/parse/token.h"

namespace cbench::test {
namespace {

using parsing::Node;
using parsing::NodeKind;

/// A part of the text that may be exchanged for one that stands in a like place.
struct Part {
  NodeKind kind{}, parent{};
  uint32_t begin = 0, end = 0;
  [[nodiscard]] bool like(const Part& other) const { return kind == other.kind && parent == other.parent; }
};

bool is_declaration(NodeKind kind) {
  return (kind >= NodeKind::Param && kind <= NodeKind::Acts) || kind == NodeKind::Declaration ||
         kind == NodeKind::Test;
}
bool is_statement(NodeKind parent) {
  return parent == NodeKind::Block || parent == NodeKind::TestBody || parent == NodeKind::TestCells;
}
bool is_value(NodeKind kind) {
  return kind == NodeKind::Row || kind == NodeKind::Postfix || kind == NodeKind::Paren;
}

bool is_utf8(std::string_view text) {
  Diagnostics ignored;
  return parsing::check_encoding(text, 0, ignored);
}

/// The text's parts, the whole declarations first; none when it does not parse.
std::vector<Part> parts_of(std::string_view text) {
  SourceSet sources;
  Diagnostics ignored;
  const auto tree = parse_tree(sources, sources.add("fuzz.cbp", std::string(text)), ignored);
  std::vector<Part> parts;
  if (!tree) return parts;
  const auto walk = [&](const Node& node, NodeKind parent, const auto& self) -> void {
    parts.push_back({node.kind, parent, node.begin, node.end});
    for (const Node& child : node.children) self(child, node.kind, self);
  };
  for (const Node& node : *tree) walk(node, NodeKind::None, walk);
  return parts;
}

class Mutation {
 public:
  Mutation(std::string text, uint64_t seed) : text_(std::move(text)), choose_(seed) {}

  std::string run() {
    for (size_t left = 1 + choose_.below(3); left > 0; --left) {
      parts_ = parts_of(text_);
      if (parts_.empty())
        change_tokens();
      else
        change();
    }
    return std::move(text_);
  }

  std::string cross(std::string_view other) {
    parts_ = parts_of(text_);
    const std::vector<Part> theirs = parts_of(other);
    if (parts_.empty() || theirs.empty()) return run();
    for (int attempt = 0; attempt < 50; ++attempt) {
      const Part& from = theirs[choose_.below(theirs.size())];
      if (from.kind == NodeKind::Header) continue;
      const std::string piece(other.substr(from.begin, from.end - from.begin));
      if (from.parent == NodeKind::None) {
        text_ += "\n" + piece + "\n";
        return std::move(text_);
      }
      if (const Part* to = some([&](const Part& p) { return p.like(from); })) {
        if (is_statement(from.parent) && choose_.one_in(2))
          replace({to->begin, to->begin}, piece + "\n");
        else
          replace({to->begin, to->end}, piece);
        return std::move(text_);
      }
    }
    return run();
  }

 private:
  struct Range {
    uint32_t begin, end;
  };

  template <class Wanted>
  const Part* some(Wanted wanted) {
    std::vector<const Part*> found;
    for (const Part& p : parts_)
      if (wanted(p)) found.push_back(&p);
    return found.empty() ? nullptr : found[choose_.below(found.size())];
  }
  [[nodiscard]] std::string piece(const Part& p) const { return text_.substr(p.begin, p.end - p.begin); }
  void replace(Range range, const std::string& by) {
    text_.replace(range.begin, range.end - range.begin, by);
  }

  void change() {
    switch (choose_.below(12)) {
      case 0:
        return exchange();
      case 1:
        return copy();
      case 2:
        return leave_out();
      case 3:
        return wrap_value();
      case 4:
        return wrap_statement();
      case 5:
        return repeat();
      case 6:
      case 7:
        return another_number();
      case 8:
        return another_operator();
      case 9:
        return another_name();
      default:
        return choose_.one_in(8) ? change_tokens() : copy();
    }
  }

  /// Two parts of a kind change their places.
  void exchange() {
    const Part* one = some([](const Part& p) { return p.kind != NodeKind::Header; });
    if (!one) return;
    const Part* two =
        some([&](const Part& p) { return p.like(*one) && (p.end <= one->begin || one->end <= p.begin); });
    if (!two) return;
    const auto [first, second] = std::minmax(one, two, [](auto* a, auto* b) { return a->begin < b->begin; });
    const std::string left = piece(*first), right = piece(*second);
    const Range at{first->begin, first->end};
    replace({second->begin, second->end}, left);
    replace(at, right);
  }

  /// One takes the other's place.
  void copy() {
    const Part* to = some([](const Part& p) { return p.parent != NodeKind::None; });
    if (!to) return;
    const Part* from = some([&](const Part& p) { return p.like(*to) && piece(p) != piece(*to); });
    if (from) replace({to->begin, to->end}, piece(*from));
  }

  void leave_out() {
    const Part* gone = some([](const Part& p) {
      return is_statement(p.parent) || is_declaration(p.kind) || p.kind == NodeKind::Hold ||
             p.kind == NodeKind::Cooldown || p.kind == NodeKind::Where || p.kind == NodeKind::Bounds ||
             p.kind == NodeKind::WaitTimeout || p.kind == NodeKind::TrialOther;
    });
    if (gone) replace({gone->begin, gone->end}, "");
  }

  void repeat() {
    const Part* twice = some([](const Part& p) {
      return is_statement(p.parent) || p.kind == NodeKind::When || p.kind == NodeKind::Every ||
             p.kind == NodeKind::On || p.kind == NodeKind::Test;
    });
    if (twice) replace({twice->end, twice->end}, "\n" + piece(*twice));
  }

  void wrap_value() {
    static const char* const kIn[] = {"({0})",       "({0} ?? {0})",  "abs({0})",      "(not ({0}))",
                                      "(-({0}))",    "min({0}, {0})", "max({0}, {0})", "next({0})",
                                      "({0} + {0})", "({0} and {0})", "round({0})",    "hold({0} over 1s)",
                                      "({0} == {0})"};
    const Part* value = some([](const Part& p) { return is_value(p.kind); });
    if (!value) return;
    const char* in = choose_.one_in(3) ? choose_.of(kIn) : kIn[0];
    replace({value->begin, value->end}, fmt::format(fmt::runtime(in), piece(*value)));
  }

  void wrap_statement() {
    static const char* const kIn[] = {"if true {{ {0} }}",
                                      "if now > 3s {{ {0} }} else {{ {0} }}",
                                      "try {{ {0} }} else {{ log \"{{reason}}\" }}",
                                      "for i{1} in 0..3 {{ {0} }}",
                                      "repeat <= 3 while step > 2step {{ {0} }}",
                                      "for c{1} in all {{ {0} }}",
                                      "loop {{ wait 1step\n{0} }}"};
    const Part* s = some([](const Part& p) { return p.parent == NodeKind::Block; });
    if (!s) return;
    replace({s->begin, s->end}, fmt::format(fmt::runtime(choose_.of(kIn)), piece(*s), choose_.below(1000)));
  }

  void another_number() {
    static const char* const kDigits[] = {"0",
                                          "1",
                                          "2",
                                          "3",
                                          "7",
                                          "64",
                                          "65",
                                          "100",
                                          "4096",
                                          "1_000_000",
                                          "9223372036854775807",
                                          "9_300_000_000_000_000_000",
                                          "0.5",
                                          "1e9"};
    static const char* const kUnits[] = {"",      "%",    "ms",  "s",    "h",   "KiB",
                                         "MiB/s", "mpki", "way", "core", "step"};
    const Part* number = some([](const Part& p) { return p.kind == NodeKind::Number; });
    if (!number) return;
    const std::string old = piece(*number);
    const size_t unit = std::min(old.find_first_not_of("0123456789_."), old.size());
    replace({number->begin, number->end},
            choose_.one_in(8)
                ? old.substr(0, unit) + choose_.of(kUnits)
                : kDigits[choose_.below(choose_.one_in(3) ? std::size(kDigits) : 5)] + old.substr(unit));
  }

  void another_operator() {
    static const std::vector<std::string> kLike[] = {{"<", "<=", ">", ">=", "==", "!="},
                                                     {"+", "-", "*", "/", "%", "??"},
                                                     {"and", "or"},
                                                     {"=", "+=", "-="}};
    const Part* sign = some(
        [](const Part& p) { return p.kind == NodeKind::Operator || p.kind == NodeKind::AssignOperator; });
    if (!sign) return;
    for (const auto& like : kLike)
      if (std::find(like.begin(), like.end(), piece(*sign)) != like.end())
        return replace({sign->begin, sign->end}, like[choose_.below(like.size())]);
  }

  /// A name that stands in the text, or one of the language.
  void another_name() {
    static const char* const kKnown[] = {"all", "now", "dt",  "step", "host", "int",   "time",
                                         "c",   "avg", "sum", "p95",  "ways", "quota", "argmax"};
    const auto is_name = [](const Part& p) { return p.kind == NodeKind::Word; };
    const Part* to = some(is_name);
    const Part* from = some([&](const Part& p) { return to && p.like(*to); });
    if (!from) return;
    replace({to->begin, to->end}, choose_.one_in(8) ? choose_.of(kKnown) : piece(*from));
  }

  void change_tokens() {
    std::vector<Range> tokens;
    for (uint32_t at = 0; at < text_.size();) {
      const auto found = parsing::found_at(text_, at);
      auto end = static_cast<uint32_t>(std::max<size_t>(found.end, at + 1));
      const auto begin = static_cast<uint32_t>(std::max<size_t>(found.begin, at));
      while (end < text_.size() && (static_cast<uint8_t>(text_[end]) & 0xC0U) == 0x80U) ++end;
      tokens.push_back({begin, end});
      at = end;
    }
    if (tokens.empty()) return;
    const Range one = tokens[choose_.below(tokens.size())];
    const Range two = tokens[choose_.below(tokens.size())];
    const std::string other = text_.substr(two.begin, two.end - two.begin);
    switch (choose_.below(3)) {
      case 0:
        return replace(one, "");
      case 1:
        return replace(one, other);
      default:
        return replace({one.end, one.end}, " " + other);
    }
  }

  std::string text_;
  Choices choose_;
  std::vector<Part> parts_;
};

}  // namespace

std::string mutate_policy(std::string_view text, uint64_t seed) {
  if (!is_utf8(text)) return std::string(text);
  return Mutation(std::string(text), seed).run();
}

std::string cross_policies(std::string_view first, std::string_view second, uint64_t seed) {
  if (!is_utf8(first) || !is_utf8(second)) return std::string(first);
  return Mutation(std::string(first), seed).cross(second);
}

}  // namespace cbench::test
