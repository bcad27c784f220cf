#include "compiler/ast/dump.h"

#include "compiler/ast/dumper.h"

namespace cbench {
namespace ast {

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
                     part(n.to ? "from" : "in", n.set);
                     part("to", n.to);
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
                     line(fmt::format("for {}{}", n.variable.text, n.second ? ", " + n.second->text : ""),
                          s.span);
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
                   [&](const Pause& n) { line(n.paused ? "pause" : "resume", s.span); },
                   [&](const Sample&) { line("sample", s.span); }, [](const auto&) {}},
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
                   [&](const Pause& n) { expression(*n.container); },
                   [&](const Sample& n) {
                     expression(*n.container);
                     test_number("every", TestNumber{n.period, n.period_span});
                   },
                   [](const auto&) {}},
             s.node);
}

}  // namespace ast

std::string dump(const ast::Policy& policy, const SourceSet& sources) {
  return ast::Dump(&sources).policy(policy);
}
std::string dump(const ast::Policy& policy) { return ast::Dump(nullptr).policy(policy); }

}  // namespace cbench
