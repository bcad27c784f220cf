#include <algorithm>

#include <fmt/format.h>

#include "compiler/parse/build.h"
#include "compiler/parse/literals.h"
#include "compiler/parse/operators.h"
#include "grammar/words.h"

namespace cbench::parsing {
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
      return joined(prefixed(cursor), cursor, kOr);
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
    case NodeKind::Has:
      return make(span(node), ast::Has{metric_name(node.children.front())}, 1);
    default:
      return cpu_set(node);
  }
}

/// Precedence climbing: operators of at least the level `weakest` join what stands to their right to `left`.
Builder::Built Builder::joined(Built left, Cursor& row, int weakest) {
  while (!row.done() && !too_deep_) {
    const Node& sign = row.peek();
    const Operator& op = operator_of(text(sign));
    if (op.level < weakest) break;
    ++row.at;
    Built right = joined(prefixed(row), row, op.level + 1);
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
    // `not a == b` is `not (a == b)`: what binds tighter than `not` joins the operand first.
    if (!negate) operand = joined(std::move(operand), row, kNot + 1);
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
    if (field.kind == NodeKind::Index) {
      Built at = value(field.children.front());
      const uint32_t height = std::max(base.height, at.height) + 1;
      base = make(where, ast::Index{std::move(base.expr), std::move(at.expr)}, height);
      continue;
    }
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
  made.to = built(inside(node.find(NodeKind::ForRange)));
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
