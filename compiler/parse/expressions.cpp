#include <algorithm>

#include <fmt/format.h>

#include "compiler/parse/build.h"
#include "compiler/parse/literals.h"
#include "grammar/words.h"

namespace cbench::parsing {
namespace {

using ast::BinaryOp;

/// What binds tighter has the higher level (grammar/README.md).
enum Level : int { kOr = 1, kAnd, kNot, kComparison, kDefault, kSum, kProduct };
struct Operator {
  std::string_view text;
  BinaryOp op;
  Level level;
};
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

const Operator& operator_of(std::string_view text) {
  return *std::find_if(std::begin(kOperators), std::end(kOperators),
                       [&](const Operator& o) { return o.text == text; });
}

}  // namespace

void check_row(std::string_view text, const Node& row, uint32_t source, Diagnostics& diagnostics) {
  const auto part = [&](size_t begin, size_t end) { return text.substr(begin, end - begin); };
  const Node* comparison = nullptr;  // since the last `and`, `or`
  const Node* before = nullptr;
  uint32_t begin = row.begin;
  for (size_t i = 0; i < row.children.size(); ++i) {
    const Node& node = row.children[i];
    const bool is_operator = node.kind == NodeKind::Operator;
    const Level level = is_operator ? operator_of(part(node.begin, node.end)).level : kNot;
    if (is_operator && level < kNot) {
      comparison = nullptr;
      begin = row.children[i + 1].begin;
    } else if (is_operator && level == kComparison) {
      if (comparison != nullptr) {
        uint32_t end = row.children[i + 1].end;
        for (size_t k = i + 1;
             k < row.children.size() &&
             !(row.children[k].kind == NodeKind::Operator &&
               operator_of(part(row.children[k].begin, row.children[k].end)).level <= kComparison);
             ++k)
          end = row.children[k].end;
        const auto middle =
            part(row.children[static_cast<size_t>(comparison - row.children.data()) + 1].begin, before->end);
        diagnostics
            .report(Kind::Syntax, {source, node.begin, node.end}, "comparisons cannot be chained",
                    "a second comparison")
            .label({source, comparison->begin, comparison->end}, "the first one")
            .hint(
                fmt::format("write `{} and {} {}`", part(begin, before->end), middle, part(node.begin, end)));
      }
      comparison = &node;
    } else if (node.kind == NodeKind::Prefix && part(node.begin, node.end) == "not" && before != nullptr) {
      const std::string_view left = part(before->begin, before->end);
      const bool follows_value_operator =
          before->kind == NodeKind::Operator && operator_of(left).level > kNot;
      if (follows_value_operator || (before->kind == NodeKind::Prefix && left == "-"))
        diagnostics
            .report(Kind::Syntax, {source, node.begin, node.end},
                    fmt::format("`not` cannot follow `{}`", left))
            .hint("put `not` and its operand in parentheses");
    }
    before = &node;
  }
}

Builder::Built Builder::make(Span where, decltype(ast::Expr::node) node, uint32_t height) {
  if (height > grammar::kMaxDepth && !too_deep_) {
    too_deep_ = true;
    diagnostics_
        .report(Kind::TooDeep, where,
                fmt::format("the expression is nested more than {} levels deep", grammar::kMaxDepth))
        .hint("split it with `let`, `stream` or `fn`");
  }
  auto made = std::make_unique<ast::Expr>();
  made->span = where;
  made->node = std::move(node);
  return {std::move(made), height};
}

ast::ExprPtr Builder::expr_in(const Node* node) {
  return node == nullptr ? nullptr : expr(node->children.front());
}

Builder::Built Builder::value(const Node& node) {
  switch (node.kind) {
    case NodeKind::Row: {
      Cursor cursor{node.children};
      return climb(cursor, kOr);
    }
    case NodeKind::Number:
      return make(span(node), read_number(text(node)).literal, 1);
    case NodeKind::Boolean:
      return make(span(node), ast::BoolLiteral{text(node) == "true"}, 1);
    case NodeKind::Text: {
      BuiltText built = interpolated(node);
      return make(span(node), ast::TextLiteral{std::move(built.text)}, built.height + 1);
    }
    case NodeKind::Paren: {
      Built inner = value(node.children.front());
      inner.expr->span = span(node);
      return inner;
    }
    case NodeKind::Postfix:
      return postfix(node);
    case NodeKind::Use:
      return use(node);
    case NodeKind::Comprehension:
      return comprehension(node);
    default:
      return cpu_set(node);
  }
}

Builder::Built Builder::climb(Cursor& row, int weakest) {
  Built left = prefixed(row);
  while (!row.done() && !too_deep_) {
    const Node& sign = row.peek();
    const Operator& op = operator_of(text(sign));
    if (op.level < weakest) break;
    ++row.at;
    Built right = climb(row, op.level + 1);
    const uint32_t height = std::max(left.height, right.height) + 1;
    const Span where = join(left.expr->span, right.expr->span);
    left = make(where, ast::Binary{op.op, std::move(left.expr), std::move(right.expr), span(sign)}, height);
  }
  return left;
}

Builder::Built Builder::prefixed(Cursor& row) {
  const size_t first = row.at;
  while (row.peek().kind == NodeKind::Prefix) ++row.at;
  const size_t first_operand = row.at;
  Built operand = value(row.items[row.at++]);
  for (size_t i = first_operand; i-- > first && !too_deep_;) {
    const Node& sign = row.items[i];
    const bool negate = text(sign) == "-";
    if (!negate) {  // `not a == b` is `not (a == b)`: what binds tighter joins the operand first
      while (!row.done() && !too_deep_ && operator_of(text(row.peek())).level > kNot) {
        const Node& between = row.peek();
        const Operator& op = operator_of(text(between));
        ++row.at;
        Built right = climb(row, op.level + 1);
        const uint32_t height = std::max(operand.height, right.height) + 1;
        const Span where = join(operand.expr->span, right.expr->span);
        operand = make(
            where, ast::Binary{op.op, std::move(operand.expr), std::move(right.expr), span(between)}, height);
      }
    }
    const Span where = join(span(sign), operand.expr->span);
    const auto op = negate ? ast::UnaryOp::Negate : ast::UnaryOp::Not;
    operand = make(where, ast::Unary{op, std::move(operand.expr)}, operand.height + 1);
  }
  return operand;
}

Builder::Built Builder::postfix(const Node& node) {
  Built base = value(node.children.front());
  for (size_t i = 1; i < node.children.size() && !too_deep_; ++i) {
    const Node& field = node.children[i];
    const Span where = join(base.expr->span, span(field));
    base = make(where, ast::Field{std::move(base.expr), name(field.children.front())}, base.height + 1);
  }
  return base;
}

Builder::Built Builder::use(const Node& node) {
  const Node* arguments = node.find(NodeKind::Arguments);
  if (arguments == nullptr) return make(span(node), ast::Ref{name(node.children.front())}, 1);
  ast::Call call{name(node.children.front()), {}};
  uint32_t height = 0;
  for (const Node& child : arguments->children) call.arguments.push_back(argument(child, height));
  return make(span(node), std::move(call), height + 1);
}

ast::Argument Builder::argument(const Node& node, uint32_t& height) {
  ast::Argument argument;
  const auto built = [&](const Node& child) {
    Built b = value(child);
    height = std::max(height, b.height);
    return std::move(b.expr);
  };
  switch (node.kind) {
    case NodeKind::Labelled:
    case NodeKind::MinSamples:
      argument.label = name(node.children.front());
      argument.value = built(node.children.back());
      break;
    case NodeKind::PlainArgument:
      argument.value = built(node.children.front());
      if (const Node* over = node.find(NodeKind::Over)) argument.over = built(over->children.front());
      break;
    default:
      argument.value = built(node);
      break;
  }
  return argument;
}

Builder::Built Builder::comprehension(const Node& node) {
  uint32_t height = 0;
  const auto built = [&](const Node* child) -> ast::ExprPtr {
    if (child == nullptr) return nullptr;
    Built b = value(*child);
    height = std::max(height, b.height);
    return std::move(b.expr);
  };
  const auto inside = [](const Node* clause) {
    return clause == nullptr ? nullptr : &clause->children.front();
  };
  ast::Comprehension made;
  made.variable = name(node.children[0]);
  made.set = built(&node.children[1]);
  made.where = built(inside(node.find(NodeKind::Where)));
  made.body = built(inside(node.find(NodeKind::Body)));
  return make(span(node), std::move(made), height + 1);
}

Builder::Built Builder::cpu_set(const Node& node) {
  ast::CpuSetLiteral set;
  uint32_t height = 0;
  for (const Node& range : node.children) {
    Built low = value(range.children.front());
    Built high;
    if (range.children.size() > 1) high = value(range.children[1]);
    height = std::max({height, low.height, high.height});
    set.ranges.emplace_back(std::move(low.expr), std::move(high.expr));
  }
  return make(span(node), std::move(set), height + 1);
}

Builder::BuiltText Builder::interpolated(const Node& node) {
  BuiltText built;
  built.text.span = span(node);
  std::string run;
  const auto flush = [&] {
    if (!run.empty()) built.text.parts.emplace_back(std::move(run));
    run.clear();
  };
  for (const Node& part : node.children) {
    const std::string_view written = text(part);
    if (part.kind == NodeKind::TextRun) {
      run += written;
    } else if (part.kind == NodeKind::TextEscape) {
      run += written[1] == 'n' ? '\n' : written[1] == 't' ? '\t' : written[1];
    } else if (part.kind == NodeKind::TextBrace) {
      run += written[0];
    } else {
      flush();
      Built inner = value(part);
      built.height = std::max(built.height, inner.height);
      built.text.parts.emplace_back(std::move(inner.expr));
    }
  }
  flush();
  return built;
}

}  // namespace cbench::parsing
