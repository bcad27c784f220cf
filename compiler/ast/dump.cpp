#include "compiler/ast/dump.h"

#include <string_view>

#include <fmt/format.h>

namespace cbench {
namespace {

using namespace ast;  // NOLINT: this file prints nothing else

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

constexpr std::string_view kBinary[] = {
    "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "??", "+", "-", "*", "/", "%"};
constexpr std::string_view kAssign[] = {"=", "+=", "-="};
constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
constexpr std::string_view kEvents[] = {"begin", "end", "admit", "start", "stop", "failed"};

template <class Enum, size_t N>
std::string_view word(const std::string_view (&words)[N], Enum value) {
  return words[static_cast<size_t>(value)];
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      out += c;
  }
  return out + '"';
}

class Dump {
 public:
  /// Without sources there are no spans.
  explicit Dump(const SourceSet* sources) : sources_(sources) {}

  std::string policy(const Policy& p) {
    line(fmt::format("policy {} {} {}", p.name.text, p.edition.value, quoted(p.doc)), p.name.span);
    const Indent in(*this);
    for (const Decl& decl : p.decls) declaration(decl);
    return std::move(out_);
  }

 private:
  struct Indent {
    explicit Indent(Dump& d) : dump(d) { ++dump.depth_; }
    ~Indent() { --dump.depth_; }
    Indent(const Indent&) = delete;
    Indent& operator=(const Indent&) = delete;
    Dump& dump;
  };

  void line(std::string_view text, Span span) {
    out_ += fmt::format("{:{}}{}", "", 2 * depth_, text);
    if (sources_ != nullptr && span.known()) {
      const Place from = sources_->place(span.source, span.begin);
      const Place to = sources_->place(span.source, span.end);
      out_ += fmt::format("  {}:{}-{}:{}", from.line, from.column, to.line, to.column);
    }
    out_ += '\n';
  }
  void line(std::string_view text) { line(text, Span{}); }
  void named(std::string_view what, const Name& name) {
    line(fmt::format("{} {}", what, name.text), name.span);
  }
  /// An expression under the name of its part in the parent; nothing when it is absent.
  void part(std::string_view what, const ExprPtr& value) {
    if (value == nullptr) return;
    line(what);
    const Indent in(*this);
    expression(*value);
  }
  void text(std::string_view what, const Text& t) {
    line(what, t.span);
    const Indent in(*this);
    for (const auto& piece : t.parts)
      std::visit(Cases{[&](const std::string& run) { line(quoted(run)); },
                       [&](const ExprPtr& e) { expression(*e); }},
                 piece);
  }
  void block(std::string_view what, const Block& statements) {
    line(what);
    const Indent in(*this);
    for (const Stmt& s : statements) statement(s);
  }

  void expression(const Expr& e);
  void argument(const Argument& a);
  void statement(const Stmt& s);
  void going_on(const Stmt& s);
  void control(const Stmt& s);
  void declaration(const Decl& d);
  void rule(const Decl& d);
  void test(const Test& t, Span span);
  void test_item(const TestItem& item);
  void test_number(std::string_view what, const std::optional<TestNumber>& number) {
    if (!number) return;
    const NumberLiteral& n = number->literal;
    line(fmt::format("{} {} {}", what, n.value, info(n.unit).name), number->span);
  }

  const SourceSet* sources_;
  std::string out_;
  size_t depth_ = 0;
};

void Dump::argument(const Argument& a) {
  if (a.label)
    named("label", *a.label);
  else
    line("argument");
  const Indent in(*this);
  expression(*a.value);
  part("over", a.over);
}

void Dump::expression(const Expr& e) {
  const Span at = e.span;
  std::visit(Cases{[&](const BoolLiteral& n) { line(n.value ? "true" : "false", at); },
                   [&](const NumberLiteral& n) {
                     const std::string value =
                         n.is_integer ? fmt::format("{}", n.integer) : fmt::format("{} (float)", n.value);
                     line(fmt::format("number {}{}{}", value, n.unit == Unit::None ? "" : " ",
                                      n.unit == Unit::None ? "" : info(n.unit).name),
                          at);
                   },
                   [&](const TextLiteral& n) { text("text", n.text); },
                   [&](const Ref& n) { line(fmt::format("ref {}", n.name.text), at); },
                   [&](const Field& n) {
                     line(fmt::format("field {}", n.name.text), at);
                     const Indent in(*this);
                     expression(*n.base);
                   },
                   [&](const Has& n) {
                     line(fmt::format("has {}.{}", n.metric.group.text, n.metric.name.text), at);
                   },
                   [&](const Index& n) {
                     line("index", at);
                     const Indent in(*this);
                     expression(*n.base);
                     expression(*n.at);
                   },
                   [&](const Call& n) {
                     line(fmt::format("call {}", n.callee.text), at);
                     const Indent in(*this);
                     for (const Argument& a : n.arguments) argument(a);
                   },
                   [&](const Comprehension& n) {
                     line(fmt::format("each {}", n.variable.text), at);
                     const Indent in(*this);
                     part("in", n.set);
                     part("where", n.where);
                     part("value", n.body);
                   },
                   [&](const CpuSetLiteral& n) {
                     line("cpus", at);
                     const Indent in(*this);
                     for (const auto& [low, high] : n.ranges) {
                       expression(*low);
                       part("to", high);
                     }
                   },
                   [&](const Unary& n) {
                     line(n.op == UnaryOp::Not ? "not" : "negate", at);
                     const Indent in(*this);
                     expression(*n.operand);
                   },
                   [&](const Binary& n) {
                     line(fmt::format("binary {}", word(kBinary, n.op)), at);
                     const Indent in(*this);
                     expression(*n.left);
                     expression(*n.right);
                   }},
             e.node);
}

/// Loops, waits and trials.
void Dump::going_on(const Stmt& s) {
  std::visit(Cases{[&](const Match& n) {
                     line("match", s.span);
                     const Indent in(*this);
                     expression(*n.subject);
                     for (const Match::Case& each : n.cases) {
                       line(each.values.empty() ? "else" : "case", each.span);
                       const Indent deeper(*this);
                       for (const Name& value : each.values) named("value", value);
                       block("body", *each.body);
                     }
                   },
                   [&](const For& n) {
                     line(fmt::format("for {}", n.variable.text), s.span);
                     const Indent in(*this);
                     part(n.to ? "from" : "in", n.from);
                     part("to", n.to);
                     part("where", n.where);
                     block("body", *n.body);
                   },
                   [&](const Repeat& n) {
                     line("repeat", s.span);
                     const Indent in(*this);
                     part("most", n.most);
                     part("while", n.condition);
                     block("body", *n.body);
                   },
                   [&](const Loop& n) {
                     line("loop", s.span);
                     const Indent in(*this);
                     block("body", *n.body);
                   },
                   [&](const Wait& n) {
                     line("wait", s.span);
                     const Indent in(*this);
                     part("length", n.length);
                     part("until", n.until);
                     part("timeout", n.timeout);
                   },
                   [&](const Trial& n) {
                     line(n.revert ? "trial else revert" : "trial else keep", s.span);
                     const Indent in(*this);
                     block("plan", *n.plan);
                     if (n.other) block("or", *n.other);
                     part("for", n.length);
                     part("vote", n.vote);
                     if (n.otherwise) block("else", *n.otherwise);
                   },
                   [](const auto&) {}},
             s.node);
}

/// Statements that hold statements.
void Dump::control(const Stmt& s) {
  if (const auto* branch = std::get_if<If>(&s.node)) {
    line(branch->binding ? fmt::format("if let {}", branch->binding->text) : "if", s.span);
    const Indent in(*this);
    expression(*branch->condition);
    block("then", *branch->then);
    if (branch->otherwise) block("else", *branch->otherwise);
  } else if (const auto* attempt = std::get_if<Try>(&s.node)) {
    line("try", s.span);
    const Indent in(*this);
    block("body", *attempt->body);
    block("else", *attempt->otherwise);
  }
}

void Dump::statement(const Stmt& s) {
  if (std::holds_alternative<If>(s.node) || std::holds_alternative<Try>(s.node)) return control(s);
  going_on(s);
  std::visit(Cases{[&](const Let& n) { line(fmt::format("let {}", n.name.text), s.span); },
                   [&](const Assign& n) { line(fmt::format("assign {}", word(kAssign, n.op)), s.span); },
                   [&](const ExprStmt&) { line("do", s.span); },
                   [&](const Return&) { line("return", s.span); }, [&](const Stop&) { line("stop", s.span); },
                   [&](const Move& n) { line(fmt::format("move -> {}", n.cls.name.text), s.span); },
                   [&](const Layout& n) { line(fmt::format("layout {}", n.resource.text), s.span); },
                   [&](const Pin&) { line("pin", s.span); },
                   [&](const Log& n) { line(fmt::format("log {}", word(kLevels, n.level)), s.span); },
                   [&](const Annotate&) { line("annotate", s.span); },
                   [&](const Emit& n) { line(fmt::format("emit {}", n.name.text), s.span); },
                   [&](const Reject&) { line("reject", s.span); },
                   [&](const Pause& n) { line(n.paused ? "pause" : "resume", s.span); }, [](const auto&) {}},
             s.node);
  const Indent in(*this);
  std::visit(Cases{[&](const Let& n) { expression(*n.value); },
                   [&](const Assign& n) {
                     expression(*n.target);
                     expression(*n.value);
                   },
                   [&](const ExprStmt& n) { expression(*n.value); },
                   [&](const Return& n) {
                     if (n.value) expression(*n.value);
                   },
                   [&](const Stop& n) { text("text", n.reason); },
                   [&](const Move& n) {
                     expression(*n.container);
                     part("of", n.cls.container);
                   },
                   [&](const Layout& n) {
                     for (const Layout::Part& p : n.parts) {
                       named(p.ways ? "part" : "rest", p.cls);
                       const Indent deeper(*this);
                       if (p.ways) expression(*p.ways);
                     }
                   },
                   [&](const Pin& n) {
                     expression(*n.container);
                     part("to", n.cpus);
                   },
                   [&](const Log& n) { text("text", n.text); },
                   [&](const Annotate& n) {
                     if (n.container) expression(*n.container);
                     text("text", n.text);
                   },
                   [&](const Emit& n) { expression(*n.value); },
                   [&](const Reject& n) {
                     expression(*n.container);
                     text("text", n.reason);
                   },
                   [&](const Pause& n) { expression(*n.container); }, [](const auto&) {}},
             s.node);
}

/// Declarations that hold statements.
void Dump::rule(const Decl& d) {
  std::visit(Cases{[&](const Fn& n) {
                     line(fmt::format("fn {} -> {}", n.name.text, n.is_plan ? "plan" : n.result->name.text),
                          d.span);
                     const Indent in(*this);
                     for (const Fn::Parameter& p : n.parameters)
                       line(fmt::format("parameter {}: {}", p.name.text, p.type.name.text),
                            join(p.name.span, p.type.name.span));
                     block("body", n.body);
                   },
                   [&](const When& n) {
                     line("when", n.head);
                     const Indent in(*this);
                     expression(*n.condition);
                     part("for", n.hold);
                     part("of", n.of);
                     if (n.variable) named("each", *n.variable);
                     part("in", n.set);
                     part("where", n.where);
                     part("cooldown", n.cooldown);
                     block("body", n.body);
                   },
                   [&](const On& n) {
                     line(fmt::format("on {}{}{}", word(kEvents, n.event), n.action ? " " : "",
                                      n.action ? n.action->text : ""),
                          n.head);
                     const Indent in(*this);
                     if (n.variable) named("container", *n.variable);
                     block("body", n.body);
                   },
                   [&](const Every& n) {
                     line("every", n.head);
                     const Indent in(*this);
                     expression(*n.period);
                     block("body", n.body);
                   },
                   [&](const Task& n) {
                     line(fmt::format("task {}", n.name.text), n.head);
                     const Indent in(*this);
                     block("body", n.body);
                   },
                   [&](const Test& n) { test(n, d.span); }, [](const auto&) {}},
             d.node);
}

void Dump::test(const Test& t, Span span) {
  line(fmt::format("test {}", quoted(t.name)), span);
  const Indent in(*this);
  for (const TestItem& item : t.items) test_item(item);
}

void Dump::test_item(const TestItem& item) {
  std::visit(Cases{[&](const TestHost& n) {
                     line("host", item.span);
                     const Indent in(*this);
                     for (const auto& [name, value] : n.facts) test_number(name.text, value);
                     for (const auto& [name, word] : n.words) named(name.text, word);
                   },
                   [&](const TestContainer& n) {
                     line(fmt::format("container {}{}{} {} {}", n.name.text, n.critical ? " critical" : "",
                                      n.priority ? " priority" : "", quoted(n.role), quoted(n.image)),
                          item.span);
                     const Indent in(*this);
                     part("on", n.cpus);
                     for (const auto& [name, value] : n.targets) test_number(name.text, value);
                   },
                   [&](const TestFeed& n) {
                     line(n.steps ? "feed" : fmt::format("feed {}", quoted(n.file)), item.span);
                     const Indent in(*this);
                     test_number("steps", n.steps);
                     for (const TestCell& cell : n.cells) {
                       const std::string what =
                           fmt::format("{}.{}.{}", cell.container.text, cell.group.text, cell.metric.text);
                       if (!cell.value) named("missing", cell.container);
                       line(what, cell.container.span);
                       test_number("value", cell.value);
                     }
                   },
                   [&](const TestLife& n) {
                     line(fmt::format("{} {}", n.start ? "start" : "stop", n.container.text), item.span);
                   },
                   [&](const TestExpect& n) {
                     line(fmt::format("expect {}{}{}", n.no ? "no " : "", n.action.text,
                                      n.unlimited ? " unlimited" : ""),
                          item.span);
                     const Indent in(*this);
                     if (n.target) named("target", *n.target);
                     if (n.goal) named("goal", *n.goal);
                     test_number("value", n.value);
                     part("cpus", n.cpus);
                     if (n.text) line(quoted(*n.text));
                     test_number("within", n.within);
                     test_number("after", n.after);
                   }},
             item.node);
}

void Dump::declaration(const Decl& d) {
  const auto of = [](const std::optional<Name>& subject) {
    return subject ? fmt::format("({})", subject->text) : "";
  };
  const auto with = [&](const std::string& head, auto&& children) {
    line(head, d.span);
    const Indent in(*this);
    children();
  };
  std::visit(
      Cases{[&](const Param& n) {
              const std::string doc = n.doc.empty() ? "" : " " + quoted(n.doc);
              with(fmt::format("param {}: {}{}", n.name.text, n.type.name.text, doc), [&] {
                expression(*n.value);
                part("from", n.lo);
                part("to", n.hi);
              });
            },
            [&](const ClassDecl& n) {
              with("class", [&] {
                for (const ClassDecl::Item& item : n.items) {
                  named(item.is_default ? "default" : "item", item.name);
                  const Indent deeper(*this);
                  part("for each", item.set);
                }
              });
            },
            [&](const Group& n) { with(fmt::format("group {}", n.name.text), [&] { expression(*n.set); }); },
            [&](const Needs& n) {
              with(n.optional ? "optional" : "needs", [&] {
                for (const MetricName& m : n.metrics)
                  line(fmt::format("{}.{}", m.group.text, m.name.text), m.span);
              });
            },
            [&](const Acts& n) {
              with("acts", [&] {
                for (const Name& action : n.actions) named("action", action);
              });
            },
            [&](const Enumeration& n) {
              with(fmt::format("enum {}", n.name.text), [&] {
                for (const Name& value : n.values) named("value", value);
              });
            },
            [&](const State& n) {
              with(fmt::format("state {}{}: {}", n.name.text, of(n.subject), n.type.name.text), [&] {
                part("size", n.size);
                expression(*n.initial);
              });
            },
            [&](const Stream& n) {
              const std::string type = n.type ? fmt::format(": {}", n.type->name.text) : "";
              with(fmt::format("stream {}{}{}", n.name.text, of(n.subject), type),
                   [&] { expression(*n.value); });
            },
            [&](const auto&) { rule(d); }},
      d.node);
}

}  // namespace

std::string dump(const ast::Policy& policy, const SourceSet& sources) {
  return Dump(&sources).policy(policy);
}
std::string dump(const ast::Policy& policy) { return Dump(nullptr).policy(policy); }

}  // namespace cbench
