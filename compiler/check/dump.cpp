// The checked program as text, for --dump checked.
#include <fmt/format.h>

#include "compiler/check/check.h"

namespace cbench::check {
namespace {

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

std::string_view name_of(Op op) {
  switch (op) {
    // clang-format off
#define CBENCH_OP(op, text) case Op::op: return text;
    CBENCH_OP(ConstBool, "bool") CBENCH_OP(ConstInt, "int") CBENCH_OP(ConstFloat, "float") CBENCH_OP(Unlimited, "unlimited")
    CBENCH_OP(Param, "param") CBENCH_OP(Local, "local") CBENCH_OP(MetricRead, "metric") CBENCH_OP(Static, "field")
    CBENCH_OP(NameIs, "name is") CBENCH_OP(HostFact, "host") CBENCH_OP(StreamRead, "stream") CBENCH_OP(StreamBefore, "prev") CBENCH_OP(StateRead, "state") CBENCH_OP(Element, "element") CBENCH_OP(TableElement, "table")
    CBENCH_OP(Ways, "ways") CBENCH_OP(Mb, "mb") CBENCH_OP(MbRate, "mb_rate") CBENCH_OP(Quota, "quota") CBENCH_OP(Cores, "cores") CBENCH_OP(Paused, "paused") CBENCH_OP(Now, "now") CBENCH_OP(Dt, "dt")
    CBENCH_OP(Step, "step") CBENCH_OP(Negate, "negate") CBENCH_OP(Not, "not") CBENCH_OP(And, "and") CBENCH_OP(Or, "or")
    CBENCH_OP(Equal, "==") CBENCH_OP(NotEqual, "!=") CBENCH_OP(Less, "<") CBENCH_OP(LessEqual, "<=") CBENCH_OP(Greater, ">")
    CBENCH_OP(GreaterEqual, ">=") CBENCH_OP(Default, "??") CBENCH_OP(Add, "+") CBENCH_OP(Subtract, "-")
    CBENCH_OP(Multiply, "*") CBENCH_OP(Divide, "/") CBENCH_OP(Modulo, "%") CBENCH_OP(ToFloat, "to float")
    CBENCH_OP(Cause, "cause") CBENCH_OP(Abs, "abs") CBENCH_OP(Sqrt, "sqrt") CBENCH_OP(Log2, "log2") CBENCH_OP(Exp2, "exp2") CBENCH_OP(Min, "min") CBENCH_OP(Max, "max") CBENCH_OP(Floor, "floor") CBENCH_OP(Ceil, "ceil")
    CBENCH_OP(Round, "round") CBENCH_OP(InSet, "in") CBENCH_OP(Reduce, "reduce") CBENCH_OP(Window, "window")
    CBENCH_OP(Ewma, "ewma") CBENCH_OP(Schmitt, "schmitt") CBENCH_OP(Rises, "rises") CBENCH_OP(Falls, "falls") CBENCH_OP(Changed, "changed")
    CBENCH_OP(DeltaPrevious, "delta") CBENCH_OP(RatePrevious, "rate")
    CBENCH_OP(Call, "call") CBENCH_OP(Has, "has") CBENCH_OP(Next, "next") CBENCH_OP(TextRef, "text")
#undef CBENCH_OP
    // clang-format on
  }
  return "?";
}

constexpr std::string_view kStatics[] = {"index", "num_cores", "critical", "priority", "name",
                                         "role",  "image",     "ipc",      "ipce",     "target"};
constexpr std::string_view kTold[] = {"reason", "why", "failure", "action"};
constexpr std::string_view kHost[] = {"num_cpus", "num_sockets", "num_domains",
                                      "l3_ways",  "num_closids", "l3_bytes",
                                      "memory",   "mb_kind",     "peak_bandwidth"};
constexpr std::string_view kReductions[] = {"sum", "avg",   "min",    "max",   "any",
                                            "all", "count", "argmin", "argmax"};
constexpr std::string_view kWindows[] = {"avg", "min",   "max", "sum", "count", "delta", "rate",
                                         "sd",  "slope", "p50", "p95", "p99",   "hold"};
constexpr std::string_view kAssign[] = {"=", "+=", "-="};

std::string typed(const Type& type) { return to_string(type) + (type.optional ? ", perhaps missing" : ""); }

class Dump {
 public:
  explicit Dump(const Program& program) : p_(program) {}

  std::string all() {
    line(fmt::format("policy {} {}", p_.name, p_.edition));
    for (const Param& param : p_.params) line(fmt::format("param {}: {}", param.name, typed(param.type)));
    for (size_t i = 0; i < p_.classes.size(); ++i)
      below(fmt::format("class {}{}", p_.classes[i].name,
                        p_.default_class == static_cast<int32_t>(i) ? " default" : ""),
            [&] {
              if (p_.classes[i].per_container) set(p_.classes[i].set);
            });
    for (const Group& group : p_.groups) below(fmt::format("group {}", group.name), [&] { set(group.set); });
    for (const State& state : p_.states)
      below(fmt::format("state {}: {}{}{}", state.name, typed(state.type),
                        state.size > 0 ? fmt::format("[{}]", state.size) : "",
                        state.of == Base::Void ? "" : ", each of the " + std::string(plural(state.of))),
            [&] { node(state.initial); });
    for (const uint32_t id : p_.stream_order) stream(p_.streams[id]);
    for (const Function& f : p_.functions) function(f);
    for (const Rule& r : p_.rules) rule(r);
    return std::move(out_);
  }

 private:
  void line(std::string_view text) { out_ += fmt::format("{:{}}{}\n", "", 2 * depth_, text); }
  template <class Children>
  void below(std::string_view head, const Children& children) {
    line(head);
    ++depth_;
    children();
    --depth_;
  }
  void part(std::string_view head, NodeId id) {
    if (id != kNone) below(head, [&] { node(id); });
  }
  std::string local(LocalId id) const { return fmt::format("%{}", id); }

  void stream(const Stream& s) {
    below(fmt::format("stream {}{}: {}", s.name,
                      s.subject == kNone ? "" : fmt::format("({})", local(s.subject)), typed(s.type)),
          [&] { node(s.value); });
  }

  void function(const Function& f) {
    std::string parameters;
    for (const LocalId id : f.parameters)
      parameters += fmt::format("{}{}: {}", parameters.empty() ? "" : ", ", local(id), typed(p_.locals[id]));
    below(fmt::format("fn {}({}) -> {}", f.name, parameters, f.is_plan ? "plan" : typed(f.result)),
          [&] { block(f.body); });
  }

  void rule(const Rule& r) {
    constexpr std::string_view kEvents[] = {"begin", "end", "admit", "start", "stop", "failed"};
    const std::string variable = r.variable == kNone ? "" : " " + local(r.variable);
    const std::string head = r.kind == Rule::Kind::When    ? "when" + variable
                             : r.kind == Rule::Kind::Every ? "every"
                             : r.kind == Rule::Kind::Task
                                 ? "task"
                                 : fmt::format("on {}{}", kEvents[static_cast<size_t>(r.event)], variable);
    below(head, [&] {
      part("condition", r.condition);
      part("for", r.hold);
      part("of", r.of);
      if (r.set != kNone) below("each", [&] { set(r.set); });
      part("cooldown", r.cooldown);
      part("period", r.period);
      below("body", [&] { block(r.body); });
    });
  }

  void set(uint32_t id);
  std::string what(const Node& n) const;
  void node(NodeId id);
  void text(const TextParts& t) {
    for (const auto& piece : t.parts)
      std::visit(Cases{[&](const std::string& run) { line(fmt::format("\"{}\"", run)); },
                       [&](NodeId value) { node(value); }},
                 piece);
  }
  void block(const Block& b) {
    for (const Stmt& s : b) statement(s);
  }
  void statement(const Stmt& s);
  void match(const Match& n) {
    part("match", n.subject);
    for (const auto& each : n.cases)
      below(fmt::format("case {}", fmt::join(each.values, ", ")), [&] { block(each.body); });
    if (n.otherwise) below("else", [&] { block(*n.otherwise); });
  }
  void trial(const Trial& n) {
    below("trial", [&] { block(n.plan); });
    if (!n.other.empty()) below("or", [&] { block(n.other); });
    part("for", n.length);
    part("vote", n.vote);
    below(n.revert ? "else revert" : "else keep", [&] { block(n.otherwise); });
  }

  const Program& p_;
  std::string out_;
  size_t depth_ = 0;
};

void Dump::set(uint32_t id) {
  if (id == kNone) return line("nothing");
  const Set& s = p_.sets[id];
  std::string head;
  switch (s.from) {
    case Set::From::All:
      head = "all";
      break;
    case Set::From::Class:
      head = p_.classes[s.ref].name + ".members";
      break;
    case Set::From::Group:
      head = p_.groups[s.ref].name;
      break;
    case Set::From::Host:
      head = fmt::format("{} of the host", plural(s.of));
      break;
    case Set::From::CpusOf:
      head = "cpus of";
      break;
    case Set::From::CpuList:
      head = "cpus";
      break;
    case Set::From::Range:
      head = "range";
      break;
    case Set::From::Ordered:
      head = s.count == kNone ? "sorted" : s.highest ? "highest" : "lowest";
      break;
  }
  below(s.variable == kNone ? "in " + head : fmt::format("{} in {}", local(s.variable), head), [&] {
    if (s.whose != kNone) node(s.whose);
    for (const auto& [low, high] : s.ranges) {
      node(low);
      part("to", high);
    }
    if (s.from == Set::From::Ordered) {
      part("count", s.count);
      set(s.ref);
      part("key", s.key);
    }
    part("where", s.where);
  });
}

/// What a node refers to.
std::string Dump::what(const Node& n) const {
  switch (n.op) {
    case Op::ConstBool:
      return n.i != 0 ? " true" : " false";
    case Op::ConstInt:
      return fmt::format(" {}", n.i);
    case Op::ConstFloat:
      return fmt::format(" {}", n.f);
    case Op::Param:
    case Op::TableElement:
      return " " + p_.params[n.ref].name;
    case Op::Local:
      return " " + local(n.ref);
    case Op::MetricRead:
    case Op::Has:
      return fmt::format(" {}", cbench::info(static_cast<Metric>(n.ref)).field);
    case Op::Static:
      return n.ref == static_cast<uint32_t>(StaticField::Target)
                 ? fmt::format(" target {}", info(static_cast<Metric>(n.i)).name)
                 : fmt::format(" {}", kStatics[n.ref]);
    case Op::NameIs:
      return fmt::format(" {} \"{}\"", kStatics[n.ref], n.text);
    case Op::HostFact:
      return fmt::format(" {}", kHost[n.ref]);
    case Op::StreamRead:
    case Op::StreamBefore:
      return " " + p_.streams[n.ref].name;
    case Op::StateRead:
    case Op::Element:
      return " " + p_.states[n.ref].name;
    case Op::Ways:
    case Op::Mb:
    case Op::MbRate:
      return " " + p_.classes[n.ref].name;
    case Op::Call:
      return " " + p_.functions[n.ref].name;
    case Op::Reduce:
      return fmt::format(" {}", kReductions[n.ref]);
    case Op::TextRef:
      return fmt::format(" {}", kTold[n.ref]);
    case Op::Window: {
      const Temporal& t = p_.temporals[n.temporal];
      return fmt::format(" {} min {}", kWindows[static_cast<size_t>(t.window)], t.min_samples);
    }
    default:
      return "";
  }
}

void Dump::node(NodeId id) {
  const Node& n = p_.nodes[id];
  below(fmt::format("{}{}: {}", name_of(n.op), what(n), typed(n.type)), [&] {
    if (n.set != kNone) set(n.set);
    if (n.temporal != kNone) part("over", p_.temporals[n.temporal].length);
    for (const NodeId kid : n.kids)
      if (kid != kNone) node(kid);
  });
}

void Dump::statement(const Stmt& s) {
  const auto assign = [&](const std::string& target, ast::AssignOp op, NodeId value) {
    below(fmt::format("{} {}", target, kAssign[static_cast<size_t>(op)]), [&] { node(value); });
  };
  const auto texts = [&](const char* head, NodeId container, const TextParts& parts) {
    below(head, [&] {
      if (container != kNone) node(container);
      text(parts);
    });
  };
  std::visit(
      Cases{[&](const Let& n) { part("let " + local(n.local), n.value); },
            [&](const If& n) {
              part(n.binding == kNone ? "if" : "if let " + local(n.binding), n.condition);
              below("then", [&] { block(n.then); });
              if (!n.otherwise.empty()) below("else", [&] { block(n.otherwise); });
            },
            [&](const AssignState& n) {
              assign(p_.states[n.state].name, n.op, n.value);
              part("of", n.container);
              part("at", n.index);
            },
            [&](const SetWays& n) {
              assign("ways " + p_.classes[n.cls.cls].name, n.op, n.value);
              part("of", n.cls.container);
              part("in", n.cls.domain);
            },
            [&](const SetMb& n) {
              assign(std::string(cbench::info(n.verb).name) + " " + p_.classes[n.cls.cls].name, n.op,
                     n.value);
              part("of", n.cls.container);
              part("in", n.cls.domain);
            },
            [&](const SetQuota& n) {
              assign("quota", n.op, n.value);
              part("of", n.container);
            },
            [&](const SetCores& n) {
              assign("cores", n.op, n.value);
              part("of", n.container);
            },
            [&](const CallPlan& n) { node(n.call); },
            [&](const Try& n) {
              below("try", [&] { block(n.body); });
              below("else", [&] { block(n.otherwise); });
            },
            [&](const Return& n) {
              below("return", [&] {
                if (n.value != kNone) node(n.value);
              });
            },
            [&](const Stop& n) { texts("stop", kNone, n.text); },
            [&](const Move& n) {
              part("move -> " + p_.classes[n.cls.cls].name, n.container);
              part("of", n.cls.container);
            },
            [&](const Layout& n) {
              below(n.l2 ? "layout l2" : "layout", [&] {
                for (const auto& [cls, ways] : n.parts) {
                  if (ways == kNone) line(p_.classes[cls].name + ": rest");
                  part(p_.classes[cls].name, ways);
                }
              });
            },
            [&](const Pin& n) {
              below("pin", [&] {
                node(n.container);
                set(n.set);
                part(n.highest ? "top" : "bottom", n.count);
                part("by", n.key);
              });
            },
            [&](const Log& n) { texts("log", kNone, n.text); },
            [&](const Annotate& n) { texts("annotate", n.container, n.text); },
            [&](const Emit& n) { part("emit " + n.name, n.value); },
            [&](const Reject& n) { texts("reject", n.container, n.text); },
            [&](const Pause& n) { part(n.paused ? "pause" : "resume", n.container); },
            [&](const Sample& n) { part(fmt::format("sample every {} ns", n.period_ns), n.container); },
            [&](const Match& n) { match(n); },
            [&](const For& n) {
              below(fmt::format("for {}", local(n.variable)), [&] {
                if (n.set != kNone) set(n.set);
                part("from", n.from);
                part("to", n.to);
                below("body", [&] { block(n.body); });
              });
            },
            [&](const Repeat& n) {
              part("repeat at most", n.most);
              part("while", n.condition);
              below("body", [&] { block(n.body); });
            },
            [&](const Loop& n) { below("loop", [&] { block(n.body); }); },
            [&](const Wait& n) {
              below("wait", [&] {
                part("for", n.length);
                part("until", n.until);
                part("timeout", n.timeout);
              });
            },
            [&](const Trial& n) { trial(n); }},
      s.node);
}

}  // namespace

std::string to_text(const Program& program) { return Dump(program).all(); }

}  // namespace cbench::check
