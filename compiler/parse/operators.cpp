#include "compiler/parse/operators.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "compiler/parse/build.h"

namespace cbench::parsing {
namespace {

using ast::BinaryOp;

constexpr Operator kOperators[] = {
    {"or", BinaryOp::Or, kOr},
    {"and", BinaryOp::And, kAnd},
    {"==", BinaryOp::Equal, kComparison},
    {"!=", BinaryOp::NotEqual, kComparison},
    {"<", BinaryOp::Less, kComparison},
    {"<=", BinaryOp::LessEqual, kComparison},
    {">", BinaryOp::Greater, kComparison},
    {">=", BinaryOp::GreaterEqual, kComparison},
    {"in", BinaryOp::In, kComparison},
    {"??", BinaryOp::Default, kDefault},
    {"+", BinaryOp::Add, kSum},
    {"-", BinaryOp::Subtract, kSum},
    {"*", BinaryOp::Multiply, kProduct},
    {"/", BinaryOp::Divide, kProduct},
    {"%", BinaryOp::Modulo, kProduct},
};

}  // namespace

const Operator& operator_of(std::string_view text) {
  return *std::find_if(std::begin(kOperators), std::end(kOperators),
                       [&](const Operator& o) { return o.text == text; });
}

namespace {

/// Looks through one row for what the table of operators forbids.
class RowCheck {
 public:
  RowCheck(std::string_view text, const Node& row, uint32_t source, Diagnostics& diagnostics)
      : text_(text), items_(row.children), source_(source), diagnostics_(diagnostics) {}

  void run() {
    size_t begin = 0;                   // of the part between two `and`, `or`
    size_t comparison = items_.size();  // in that part
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].kind == NodeKind::Prefix) {
        if (misplaced_not(i)) return;
        if (i == begin) ++begin;
      } else if (is_operator(i) && level(i) < kNot) {
        begin = i + 1;
        comparison = items_.size();
      } else if (is_operator(i) && level(i) == kComparison) {
        if (comparison != items_.size()) return chained(begin, comparison, i);
        comparison = i;
      }
    }
  }

 private:
  [[nodiscard]] bool is_operator(size_t i) const { return items_[i].kind == NodeKind::Operator; }
  [[nodiscard]] Level level(size_t i) const { return operator_of(text(i, i)).level; }
  [[nodiscard]] std::string_view text(size_t first, size_t last) const {
    return text_.substr(items_[first].begin, items_[last].end - items_[first].begin);
  }
  [[nodiscard]] Span span(size_t i) const { return {source_, items_[i].begin, items_[i].end}; }

  /// `1 + not a`, `- not a`: `not` binds weaker than what stands before it.
  bool misplaced_not(size_t i) {
    if (i == 0 || text(i, i) != "not") return false;
    const std::string_view before = text(i - 1, i - 1);
    if (is_operator(i - 1) ? level(i - 1) < kNot : before == "not") return false;
    diagnostics_.report(Kind::Syntax, span(i), fmt::format("`not` cannot follow `{}`", before))
        .hint("put `not` and its operand in parentheses");
    return true;
  }

  void chained(size_t begin, size_t first, size_t second) {
    size_t end = second + 1;
    while (end < items_.size() && !(is_operator(end) && level(end) <= kComparison)) ++end;
    diagnostics_.report(Kind::Syntax, span(second), "comparisons cannot be chained", "a second comparison")
        .label(span(first), "the first one")
        .hint(fmt::format("write `{} and {}`", text(begin, second - 1), text(first + 1, end - 1)));
  }

  std::string_view text_;
  const std::vector<Node>& items_;
  uint32_t source_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_row(std::string_view text, const Node& row, uint32_t source, Diagnostics& diagnostics) {
  RowCheck(text, row, source, diagnostics).run();
}

}  // namespace cbench::parsing
