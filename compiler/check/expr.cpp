// Expressions: literals, names, fields and metrics.
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"
#include "compiler/check/vocabulary_names.h"

namespace cbench::check {
namespace {

struct FieldInfo {
  const char* name;
  StaticField field;
  Type type;
};
const FieldInfo kContainerFields[] = {
    {"index", StaticField::Index, kInt},
    {"num_cores", StaticField::NumCores, {Base::Int, {0, 0, 0, 0, UnitTag::Core}, false}},
    {"critical", StaticField::Critical, kBool},
    {"priority", StaticField::Priority, kBool},
    {"name", StaticField::Name, {Base::Text, {}, false}},
    {"role", StaticField::Role, {Base::Text, {}, false}},
    {"image", StaticField::Image, {Base::Text, {}, false}},
    {"ipc", StaticField::Ipc, {Base::Float, {0, 0, -1, 1, UnitTag::None}, true}},
    {"ipce", StaticField::Ipce, {Base::Float, {0, 0, 0, 0, UnitTag::Ratio}, true}},
};

struct HostFieldInfo {
  const char* name;
  HostField field;
  Type type;
};
const HostFieldInfo kHostFields[] = {
    {"num_cpus", HostField::NumCpus, {Base::Int, {0, 0, 0, 0, UnitTag::Core}, false}},
    {"num_sockets", HostField::NumSockets, kInt},
    {"num_domains", HostField::NumDomains, kInt},
    {"l3_ways", HostField::L3Ways, {Base::Int, {0, 0, 0, 0, UnitTag::Way}, false}},
    {"num_closids", HostField::NumClosids, kInt},
    {"l3_bytes", HostField::L3Bytes, {Base::Int, {1, 0, 0, 0, UnitTag::None}, false}},
    {"mb_kind", HostField::MbKind, {Base::Enum, {}, false}},
    {"peak_bandwidth", HostField::PeakBandwidth, kRate.with(true)},
    {"memory", HostField::Memory, {Base::Int, {1, 0, 0, 0, UnitTag::None}, false}},
};

bool is_group(std::string_view name) {
  return name == "perf" || name == "docker" || name == "rdt" || name == "app";
}

}  // namespace

NodeId Checker::number(const ast::NumberLiteral& n, Span span) {
  const UnitInfo& u = cbench::info(n.unit);
  const Dim dim = dim_of(n.unit);
  const bool time = dim == kSeconds;
  const bool whole = (dim.plain() && dim.tag != UnitTag::Ratio) || dim == Dim{1, 0, 0, 0, UnitTag::None} ||
                     n.unit == Unit::Cycles || n.unit == Unit::Instructions;
  if (time || (whole && (n.is_integer || n.unit != Unit::None))) {
    const double scaled = n.value * u.scale * (time ? 1e9 : 1.0);
    if (!(std::fabs(scaled) < 9.2e18)) {
      diagnostics_.report(Kind::BadNumber, span, "the number is too large",
                          fmt::format("at most 9.2e18{} fit", time ? " ns" : ""));
      return error_node(span);
    }
    Node c = make(Op::ConstInt, {time ? Base::Time : Base::Int, dim, false}, span);
    c.i = n.is_integer && u.scale == 1.0 && !time ? n.integer : std::llround(scaled);
    if (!time && static_cast<double>(c.i) != scaled && u.scale == 1.0)
      diagnostics_.report(Kind::BadNumber, span, fmt::format("{} are whole numbers", to_string(c.type)));
    return add(c);
  }
  Node c = make(Op::ConstFloat, {Base::Float, dim, false}, span);
  c.f = canonical(n.value, n.unit);
  return add(c);
}

NodeId Checker::expr(const ast::Expr& e) {
  const Deeper deeper(*this);
  if (diagnostics_.enough() || too_deep(e.span)) return error_node(e.span);
  return std::visit(
      [&](const auto& n) -> NodeId {
        using T = std::decay_t<decltype(n)>;
        if constexpr (std::is_same_v<T, ast::BoolLiteral>) {
          Node c = make(Op::ConstBool, kBool, e.span);
          c.i = n.value ? 1 : 0;
          return add(c);
        } else if constexpr (std::is_same_v<T, ast::NumberLiteral>) {
          return number(n, e.span);
        } else if constexpr (std::is_same_v<T, ast::Ref>) {
          return reference(n.name, e.span);
        } else if constexpr (std::is_same_v<T, ast::Field>) {
          return field(n, e.span);
        } else if constexpr (std::is_same_v<T, ast::Has>) {
          return has(n, e.span);
        } else if constexpr (std::is_same_v<T, ast::Index>) {
          return element(n, e.span);
        } else if constexpr (std::is_same_v<T, ast::Call>) {
          return call(n, e.span);
        } else if constexpr (std::is_same_v<T, ast::Unary>) {
          return unary(n, e.span);
        } else if constexpr (std::is_same_v<T, ast::Binary>) {
          return binary(n, e.span);
        } else if constexpr (std::is_same_v<T, ast::TextLiteral>) {
          diagnostics_.report(Kind::TypeMismatch, e.span, "a text is not a value")
              .hint(
                  "texts stand in `log`, `annotate`, `stop` and `reject`, and in comparisons with a name: "
                  "`c.name == \"db\"`");
          return error_node(e.span);
        } else {
          diagnostics_.report(Kind::TypeMismatch, e.span, "a set is not a value", "a value is wanted here")
              .hint("ask something of it: `count(c in …)`, `any(c in …: …)`, `x in …`");
          return error_node(e.span);
        }
      },
      e.node);
}

NodeId Checker::reference(const ast::Name& name, Span span) {
  if (misnamed(name.text)) return error_node(span);
  if (name.text == "now" || name.text == "dt" || name.text == "step") {
    if (at_.constant) {
      diagnostics_.report(Kind::NotConstant, span, fmt::format("`{}` is not a constant", name.text));
      return error_node(span);
    }
    if (name.text == "step")
      return add(make(Op::Step, {Base::Int, {0, 0, 0, 0, UnitTag::Step}, false}, span));
    return add(make(name.text == "now" ? Op::Now : Op::Dt, kTime, span));
  }
  if (name.text == "unlimited") return add(make(Op::Unlimited, kRatio, span));
  if (name.text == "all") {
    diagnostics_.report(Kind::TypeMismatch, span, "`all` is a set, not a value")
        .hint("ask something of it: `count(c in all)`");
    return error_node(span);
  }
  const Symbol* symbol = find(name.text);
  if (!symbol) {
    for (const OwnEnum of : {OwnEnum::MbKind, OwnEnum::Cause})
      if (const auto value = own_value(of, name)) return *value;
    unknown_name(name, "value");
    return error_node(span);
  }
  if (symbol->kind == SymbolKind::EnumValue) {
    Node value = make(Op::ConstInt, {Base::Enum, {}, false, symbol->enumeration}, span);
    value.i = symbol->index;
    return add(value);
  }
  if (at_.constant && symbol->kind != SymbolKind::Param && symbol->kind != SymbolKind::Table) {
    diagnostics_
        .report(Kind::NotConstant, span, fmt::format("`{}` is not a constant", name.text),
                "only literals and parameters may stand here")
        .label(symbol->span, "declared here");
    return error_node(span);
  }
  Node n = make(Op::Local, kError, span);
  n.ref = symbol->index;
  switch (symbol->kind) {
    case SymbolKind::Param:
      n.op = Op::Param;
      n.type = p_.params[symbol->index].type;
      return add(n);
    case SymbolKind::Local:
      n.type = p_.locals[symbol->index];
      if (n.type.base == Base::Container) {
        if (symbol->stale) n.type.optional = true;
        n.i = symbol->stale ? 1 : 0;
        if (held_) held_->push_back(symbol->index);
      }
      return add(n);
    case SymbolKind::Stream: {
      if (circle(symbol->index, name)) return error_node(span);
      if (uses_) {
        uses_->add(p_.streams[symbol->index].uses, at_.on);
        uses_->add_stream(symbol->index);
      }
      const Stream& stream = p_.streams[symbol->index];
      if (stream.subject != kNone) break;
      n.op = Op::StreamRead;
      n.type = stream.type.with(true);
      if (at_.stream != kNone) p_.streams[at_.stream].inputs.push_back(symbol->index);
      return add(n);
    }
    case SymbolKind::State:
      if (p_.states[symbol->index].of != Base::Void && symbol->of == kNone) break;
      n.op = Op::StateRead;
      n.type = p_.states[symbol->index].type;
      return whole(add(n), span);
    case SymbolKind::Table:
      diagnostics_
          .report(Kind::WrongArguments, span,
                  fmt::format("`{}` is a table of {} values", name.text, p_.params[symbol->index].table),
                  "which one?")
          .label(symbol->span, "declared here")
          .hint(fmt::format("`{}[0]` is the first", name.text));
      return error_node(span);
    case SymbolKind::Class:
    case SymbolKind::Group:
      diagnostics_
          .report(Kind::TypeMismatch, span,
                  fmt::format("`{}` is a {}, not a value", name.text,
                              symbol->kind == SymbolKind::Class ? "class" : "group"))
          .label(symbol->span, "declared here")
          .hint(symbol->kind == SymbolKind::Class ? fmt::format("its containers are `{}.members`", name.text)
                                                  : "ask something of it: `count(c in …)`");
      return error_node(span);
    case SymbolKind::Task:
      diagnostics_.report(Kind::TypeMismatch, span, fmt::format("`{}` is a task, not a value", name.text))
          .label(symbol->span, "declared here");
      return error_node(span);
    case SymbolKind::Enum:
    case SymbolKind::EnumValue:
      diagnostics_.report(Kind::TypeMismatch, span, fmt::format("`{}` is a type, not a value", name.text))
          .label(symbol->span, "declared here")
          .hint("its values are " + listed(p_.enums[symbol->index].values));
      return error_node(span);
    case SymbolKind::Function:
      diagnostics_
          .report(Kind::WrongArguments, span, fmt::format("`{}` is a function: call it", name.text),
                  fmt::format("`{}(…)`", name.text))
          .label(symbol->span, "declared here");
      return error_node(span);
  }
  return of_which(name, *symbol, span);
}

/// A read of a state as a value: an array has none as a whole.
NodeId Checker::whole(NodeId read, Span span) {
  if (node(read).op != Op::StateRead || p_.states[node(read).ref].size == 0) return read;
  const State& state = p_.states[node(read).ref];
  diagnostics_
      .report(Kind::WrongArguments, span,
              fmt::format("`{}` is an array of {} elements", state.name, state.size), "which one?")
      .label(state.span, "declared here")
      .hint(fmt::format("`{}[0]` is the first", sources_.text(span)));
  return error_node(span);
}

NodeId Checker::of_which(const ast::Name& name, const Symbol& symbol, Span span) {
  const Base of = symbol.kind == SymbolKind::State ? p_.states[symbol.index].of : Base::Container;
  const std::string each = to_string({of, {}, false}).substr(2);  // without its article
  diagnostics_
      .report(Kind::WrongArguments, span, fmt::format("`{}` has a value for each {}", name.text, each),
              fmt::format("of which? `{}({})`", name.text, each[0]))
      .label(symbol.span, "declared here");
  return error_node(span);
}

NodeId Checker::metric(const ast::Expr& container, const ast::Name& group, const ast::Name& name, Span span) {
  const NodeId c = expr(container);
  if (type(c).error()) return c;
  if (type(c).base != Base::Container) {
    diagnostics_.report(Kind::UnknownField, group.span, fmt::format("{} has no metrics", to_string(type(c))))
        .hint("metrics are read from a container: `c.perf.instructions`");
    return error_node(span);
  }
  must_be_present(c, "the container of a metric");
  const auto found = metric_named(group, name, p_.own, diagnostics_);
  if (!found) return error_node(span);
  if (cbench::info(*found).kind == MetricKind::Cumulative && !at_.differences) {
    diagnostics_
        .report(Kind::BareCumulative, span,
                fmt::format("`{}` counts up from the container's start", name.text),
                "as it stands, it only ever grows")
        .hint(fmt::format("its change is `rate({0})` or `delta({0})`, in a stream", sources_.text(span)));
    return error_node(span);
  }
  bool known = std::find(p_.optional.begin(), p_.optional.end(), *found) != p_.optional.end();
  for (const auto& [metric, where] : p_.needs) known |= metric == *found;
  if (!known) p_.needs.emplace_back(*found, span);
  if (uses_) uses_->add(*found, at_.on);
  Node n = make(Op::MetricRead, type_of(*found), span, {c});
  n.ref = static_cast<uint32_t>(*found);
  if (at_.stream != kNone && node(c).op == Op::Local && node(c).ref == p_.streams[at_.stream].subject)
    p_.streams[at_.stream].metrics.push_back(*found);
  return add(n);
}

NodeId Checker::host_field(const ast::Name& name, Span span) {
  std::vector<std::string> candidates = {"cpus", "sockets", "domains"};
  for (const HostFieldInfo& f : kHostFields) {
    if (name.text == f.name) {
      Node n = make(Op::HostFact, f.type, span);
      n.ref = static_cast<uint32_t>(f.field);
      if (f.field == HostField::MbKind) n.type.enumeration = own_enum(OwnEnum::MbKind);
      return add(n);
    }
    candidates.emplace_back(f.name);
  }
  if (name.text == "cpus" || name.text == "sockets" || name.text == "domains") {
    diagnostics_.report(Kind::TypeMismatch, span, fmt::format("`host.{}` is a set, not a value", name.text))
        .hint(fmt::format("their number is `host.num_{}`", name.text));
    return error_node(span);
  }
  const std::string near = nearest(name.text, candidates);
  diagnostics_
      .report(Kind::UnknownField, name.span, fmt::format("the host has no `{}`", name.text),
              near.empty() ? "" : fmt::format("did you mean `{}`?", near))
      .hint(fmt::format("it has {}", fmt::join(candidates, ", ")));
  return error_node(span);
}

NodeId Checker::field(const ast::Field& f, Span span) {
  if (const auto* ref = std::get_if<ast::Ref>(&f.base->node)) {
    if (ref->name.text == "host") return host_field(f.name, span);
    const Symbol* symbol = find(ref->name.text);
    if (symbol && symbol->kind == SymbolKind::Class) {
      diagnostics_
          .report(f.name.text == "members" ? Kind::TypeMismatch : Kind::UnknownField, span,
                  f.name.text == "members" ? fmt::format("`{}.members` is a set, not a value", ref->name.text)
                                           : fmt::format("a class has no `{}`", f.name.text))
          .hint(fmt::format(
              "`{0}.members` is the set of its containers, `ways({0})` and `mb({0})` are its shares",
              ref->name.text));
      return error_node(span);
    }
  }
  if (const auto* inner = std::get_if<ast::Field>(&f.base->node); inner && is_group(inner->name.text))
    return metric(*inner->base, inner->name, f.name, span);
  if (const auto* inner = std::get_if<ast::Field>(&f.base->node); inner && inner->name.text == "target")
    return target(*inner->base, f.name, span);
  const NodeId base = expr(*f.base);
  if (type(base).error()) return base;
  std::vector<std::string> candidates = {"perf", "docker", "rdt", "app", "cpus", "target"};
  if (type(base).base == Base::Container) {
    for (const FieldInfo& known : kContainerFields) {
      if (f.name.text == known.name) {
        must_be_present(base, "the container");
        Node n = make(Op::Static, known.type, span, {base});
        n.ref = static_cast<uint32_t>(known.field);
        return add(n);
      }
      candidates.emplace_back(known.name);
    }
    if (f.name.text == "target") {
      diagnostics_
          .report(Kind::UnknownField, span, "`target` is not a value: it has one for each metric",
                  "which target?")
          .hint("for example `c.target.latency_p95`: what bench.yml says in `target` of the container");
      return error_node(span);
    }
    if (is_group(f.name.text)) {
      diagnostics_
          .report(Kind::UnknownField, span, fmt::format("`{}` is a group of metrics", f.name.text),
                  "which metric?")
          .hint("for example `c.docker.cpu_usage_percent`; `cbench metrics` lists them all");
      return error_node(span);
    }
    const std::string near = nearest(f.name.text, candidates);
    diagnostics_
        .report(Kind::UnknownField, f.name.span, fmt::format("a container has no `{}`", f.name.text),
                near.empty() ? "" : fmt::format("did you mean `{}`?", near))
        .hint(fmt::format("it has {}", fmt::join(candidates, ", ")));
    return error_node(span);
  }
  diagnostics_.report(Kind::UnknownField, f.name.span,
                      fmt::format("{} has no fields", to_string(type(base))));
  return error_node(span);
}

}  // namespace cbench::check
