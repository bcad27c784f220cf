// Operators: logic, comparison, arithmetic with units, `??` and `in`.
#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

bool Checker::nonzero(NodeId id) const {
  const Node& n = node(id);
  switch (n.op) {
    case Op::ConstInt:
      return n.i != 0;
    case Op::ConstFloat:
      return n.f != 0;
    case Op::ToFloat:
      return nonzero(n.kids[0]);
    case Op::HostFact:
      return n.ref == static_cast<uint32_t>(HostField::NumCpus) ||
             n.ref == static_cast<uint32_t>(HostField::NumSockets) ||
             n.ref == static_cast<uint32_t>(HostField::Memory);
    case Op::Param:
    case Op::TableElement: {
      const Param& p = p_.params[n.ref];
      return p.has_range && (p.lo > 0 || p.hi < 0);
    }
    case Op::Static:
      return n.ref == static_cast<uint32_t>(StaticField::NumCores);  // at least 1
    case Op::Default:
      return nonzero(n.kids[0]) && nonzero(n.kids[1]);
    case Op::Max: {  // max(n, 1)
      const auto x = p_.range_of(n.kids[0]);
      const auto y = p_.range_of(n.kids[1]);
      return (x && x->lo > 0) || (y && y->lo > 0);
    }
    default: {
      const auto range = p_.range_of(id);
      return (range && (range->lo > 0 || range->hi < 0)) || (n.op == Op::Add && positive(id, false));
    }
  }
}

bool Checker::positive(NodeId id, bool or_zero) const {
  const Node& n = node(id);
  const auto above = [&](double x) { return or_zero ? x >= 0 : x > 0; };
  const auto kid = [&](size_t i, bool or_0) { return positive(n.kids[i], or_0); };
  switch (n.op) {
    case Op::ConstFloat:
      return above(n.f);
    case Op::Param:
    case Op::TableElement:
      return p_.params[n.ref].has_range && above(p_.params[n.ref].lo);
    case Op::ToFloat:
      return kid(0, or_zero);
    case Op::HostFact:
    case Op::Static:
      return or_zero ? type(id).numeric() && !type(id).optional : nonzero(id);
    case Op::Abs:
      return or_zero || nonzero(n.kids[0]);
    case Op::Exp2:
      return or_zero;  // a small one is 0
    case Op::Default:
    case Op::Min:
      return kid(0, or_zero) && kid(1, or_zero);
    case Op::Max:
      return kid(0, or_zero) || kid(1, or_zero);
    case Op::Add:
      return kid(0, true) && kid(1, true) && (or_zero || kid(0, false) || kid(1, false));
    case Op::Multiply:
      return or_zero && kid(0, true) && kid(1, true);  // a product of small ones is 0
    default: {
      const auto range = p_.range_of(id);
      return range && above(range->lo);
    }
  }
}

NodeId Checker::unary(const ast::Unary& u, Span span) {
  const NodeId operand = expr(*u.operand);
  const Type t = type(operand);
  if (t.error()) return operand;
  if (u.op == ast::UnaryOp::Not) {
    const NodeId b = coerce(operand, kBool, "`not`");
    return type(b).error() ? b : add(make(Op::Not, t, span, {b}));
  }
  if (!t.numeric()) {
    diagnostics_.report(Kind::TypeMismatch, span, "`-` wants a number",
                        fmt::format("this is {}", to_string(t)));
    return error_node(span);
  }
  if (node(operand).op == Op::ConstInt || node(operand).op == Op::ConstFloat) {
    Node c = node(operand);
    c.i = -c.i;
    c.f = -c.f;
    c.span = span;
    return add(c);
  }
  return add(make(Op::Negate, t, span, {operand}));
}

NodeId Checker::binary(const ast::Binary& b, Span span) {
  using Ast = ast::BinaryOp;
  if (b.op == Ast::In) return membership(b, span);
  // `c.name == "db"`: texts are compared with the configuration at compile time.
  if (b.op == Ast::Equal || b.op == Ast::NotEqual) {
    const auto* text = std::get_if<ast::TextLiteral>(&b.right->node);
    if (text) {
      const NodeId left = expr(*b.left);
      if (type(left).error()) return left;
      const bool literal =
          text->text.parts.size() <= 1 &&
          (text->text.parts.empty() || std::holds_alternative<std::string>(text->text.parts[0]));
      if (node(left).op != Op::Static || type(left).base != Base::Text || !literal) {
        diagnostics_
            .report(Kind::TypeMismatch, span,
                    "a text can only be compared with a container's name, role or image",
                    literal ? "" : "and it may not hold `{…}`")
            .hint("for example `c.name == \"db\"`");
        return error_node(span);
      }
      Node n = make(Op::NameIs, kBool, span, node(left).kids);
      n.ref = node(left).ref;
      if (!text->text.parts.empty()) n.text = std::get<std::string>(text->text.parts[0]);
      const NodeId same = add(n);
      return b.op == Ast::Equal ? same : add(make(Op::Not, kBool, span, {same}));
    }
  }
  const auto first = b.op == Ast::Default ? beginning(b) : std::nullopt;
  if (first && type(*first).error()) return *first;
  const NodeId left = operand(*b.left, *b.right);
  const HostKinds on = at_.on;  // `host.mb_kind == percent and …` asks no more on another host
  if (b.op == Ast::And || b.op == Ast::Or) at_.on &= hosts_where(left, b.op == Ast::And);
  const NodeId right = first ? *first : operand(*b.right, *b.left);
  at_.on = on;
  switch (b.op) {
    case Ast::Or:
      return logic(Op::Or, left, right, span);
    case Ast::And:
      return logic(Op::And, left, right, span);
    case Ast::Default:
      return default_value(left, right, span);
    case Ast::Equal:
      return comparison(Op::Equal, left, right, b, span);
    case Ast::NotEqual:
      return comparison(Op::NotEqual, left, right, b, span);
    case Ast::Less:
      return comparison(Op::Less, left, right, b, span);
    case Ast::LessEqual:
      return comparison(Op::LessEqual, left, right, b, span);
    case Ast::Greater:
      return comparison(Op::Greater, left, right, b, span);
    case Ast::GreaterEqual:
      return comparison(Op::GreaterEqual, left, right, b, span);
    case Ast::Add:
      return arithmetic(Op::Add, left, right, span);
    case Ast::Subtract:
      return arithmetic(Op::Subtract, left, right, span);
    case Ast::Multiply:
      return arithmetic(Op::Multiply, left, right, span);
    case Ast::Divide:
      return arithmetic(Op::Divide, left, right, span);
    case Ast::Modulo:
      return arithmetic(Op::Modulo, left, right, span);
    case Ast::In:
      break;
  }
  return error_node(span);
}

NodeId Checker::logic(Op op, NodeId left, NodeId right, Span span) {
  const char* word = op == Op::And ? "`and`" : "`or`";
  left = coerce(left, kBool, word);
  right = coerce(right, kBool, word);
  if (type(left).error() || type(right).error()) return error_node(span);
  return add(make(op, kBool.with(type(left).optional || type(right).optional), span, {left, right}));
}

bool Checker::units_agree(NodeId left, NodeId right, Span span, const char* verb) {
  const Type a = type(left);
  const Type b = type(right);
  if (addable(a.dim, b.dim)) return true;
  const auto zero = [&](NodeId id) {
    return (node(id).op == Op::ConstInt && node(id).i == 0) ||
           (node(id).op == Op::ConstFloat && node(id).f == 0);
  };
  if ((zero(left) && a.dim == Dim{}) || (zero(right) && b.dim == Dim{}))
    return true;  // zero is zero in every unit
  const bool bare_right = b.dim == Dim{};
  const bool bare = (a.dim == Dim{}) || bare_right;
  const bool ratio = a.dim.tag == UnitTag::Ratio || b.dim.tag == UnitTag::Ratio;
  auto report = diagnostics_.report(bare && ratio ? Kind::BareRatio : Kind::UnitMismatch, span,
                                    fmt::format("{} and {} cannot be {}", to_string(a), to_string(b), verb));
  report.label(node(left).span, to_string(a)).label(node(right).span, to_string(b));
  const NodeId plain = bare_right ? right : left;
  if (bare && (node(plain).op == Op::ConstInt || node(plain).op == Op::ConstFloat)) {
    const double value = node(plain).op == Op::ConstInt ? static_cast<double>(node(plain).i) : node(plain).f;
    const std::string example = example_literal(bare_right ? a.dim : b.dim, value);
    if (!example.empty()) report.hint(fmt::format("write `{}`", example));
  }
  return false;
}

NodeId Checker::comparison(Op op, NodeId left, NodeId right, const ast::Binary& b, Span span) {
  const Type x = type(left);
  const Type y = type(right);
  if (x.error() || y.error()) return error_node(span);
  const Type result = kBool.with(x.optional || y.optional);
  const bool equality = op == Op::Equal || op == Op::NotEqual;
  if (x.numeric() && y.numeric()) {
    if (!units_agree(left, right, span, "compared")) return error_node(span);
    if (x.base != y.base) {
      const auto zero_int = [&](NodeId id) { return node(id).op == Op::ConstInt && node(id).i == 0; };
      const bool ints = (x.base == Base::Time && zero_int(right)) || (y.base == Base::Time && zero_int(left));
      if (!ints) {
        left = to_float(left);
        right = to_float(right);
      }
    }
    return add(make(op, result, span, {left, right}));
  }
  if (equality && x.base == y.base && x.enumeration == y.enumeration &&
      (x.base == Base::Bool || x.base == Base::Enum || is_handle(x.base)))
    return add(make(op, result, span, {left, right}));
  auto report = diagnostics_.report(Kind::TypeMismatch, b.op_span,
                                    fmt::format("{} cannot be compared with {}", words(x), words(y)));
  report.label(node(left).span, words(x)).label(node(right).span, words(y));
  if (x.base == y.base && x.enumeration == y.enumeration && !equality)
    report.hint("it has no order: only `==` and `!=` compare it");
  return error_node(span);
}

NodeId Checker::arithmetic(Op op, NodeId left, NodeId right, Span span) {
  const Type x = type(left);
  const Type y = type(right);
  if (x.error() || y.error()) return error_node(span);
  if (!x.numeric() || !y.numeric()) {
    diagnostics_.report(Kind::TypeMismatch, span, "arithmetic wants numbers")
        .label(node(left).span, to_string(x))
        .label(node(right).span, to_string(y));
    return error_node(span);
  }
  Type result{Base::Float, {}, x.optional || y.optional};
  const bool ints = x.base == Base::Int && y.base == Base::Int;
  const bool times = x.base == Base::Time && y.base == Base::Time;
  switch (op) {
    case Op::Add:
    case Op::Subtract:
    case Op::Modulo:
      if (!units_agree(left, right, span,
                       op == Op::Add        ? "added"
                       : op == Op::Subtract ? "subtracted"
                                            : "divided with a remainder"))
        return error_node(span);
      result.dim = sum_dim(x.dim, y.dim);
      if (ints || times) result.base = x.base;
      break;
    case Op::Multiply:
      result.dim = product_dim(x.dim, y.dim);
      if (ints)
        result.base = Base::Int;
      else if ((x.base == Base::Time && y.base == Base::Int && y.dim.plain()) ||
               (y.base == Base::Time && x.base == Base::Int && x.dim.plain())) {
        result.base = Base::Time;
        result.dim = kSeconds;
      }
      break;
    default:  // Divide: real division, so that 1/2 is a half
      result.dim = quotient_dim(x.dim, y.dim);
      break;
  }
  if (op == Op::Modulo && !ints && !times) {
    diagnostics_.report(Kind::TypeMismatch, span, "`%` wants two ints or two times");
    return error_node(span);
  }
  if ((op == Op::Divide || op == Op::Modulo) && !nonzero(right)) result.optional = true;
  if (result.base == Base::Float) {
    left = to_float(left);
    right = to_float(right);
  }
  return add(make(op, result, span, {left, right}));
}

NodeId Checker::default_value(NodeId value, NodeId fallback, Span span) {
  const Type v = type(value);
  if (v.error() || type(fallback).error()) return error_node(span);
  if (!v.optional) {
    diagnostics_
        .report(Kind::NeedlessDefault, node(fallback).span, "this value is never used",
                "what stands before `??` is never missing")
        .hint("leave the `??` out");
    return value;
  }
  NodeId other = fallback;
  Type want = v;
  if (v.numeric() && type(fallback).numeric() && v.base != type(fallback).base) {
    if (v.base == Base::Int && type(fallback).base == Base::Float) {
      value = to_float(value);
      want.base = Base::Float;
    }
  }
  other = coerce(other, want, "the value after `??`");
  if (type(other).error()) return error_node(span);
  return add(make(Op::Default, want.with(type(other).optional), span, {value, other}));
}

NodeId Checker::membership(const ast::Binary& b, Span span) {
  const NodeId element = expr(*b.left);
  const uint32_t in = set(*b.right);
  if (type(element).error() || in == kNone) return error_node(span);
  must_be_present(element, "what is looked for in a set");
  if (!unordered(in, "a question whether something is in a set")) return error_node(span);
  const Set& s = p_.sets[in];
  if (type(element).base != s.of) {
    diagnostics_
        .report(Kind::TypeMismatch, span,
                fmt::format("a set of {} cannot hold {}", plural(s.of), to_string(type(element))))
        .label(node(element).span, to_string(type(element)));
    return error_node(span);
  }
  Node n = make(Op::InSet, kBool, span, {element});
  n.set = in;
  return add(n);
}

}  // namespace cbench::check
