// Declarations and tests in --dump ast.
#include "compiler/ast/dumper.h"

namespace cbench::ast {

/// Declarations that hold statements.
void Dump::rule(const Decl& d) {
  std::visit(
      Cases{[&](const Fn& n) {
              line(fmt::format("fn {} -> {}", n.name.text, n.is_plan ? "plan" : n.result->name.text), d.span);
              const Indent in(*this);
              for (const Fn::Parameter& p : n.parameters)
                line(fmt::format("parameter {}: {}{}", p.name.text, p.type.name.text, p.array ? "[]" : ""),
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
                     test_number("domain", n.domain);
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
                part("size", n.size);
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
                for (const auto& [m, type] : n.metrics)
                  line(fmt::format("{}.{}{}", m.group.text, m.name.text, type ? ": " + type->name.text : ""),
                       m.span);
              });
            },
            [&](const Acts& n) {
              with("acts", [&] {
                for (const Name& action : n.actions) named("action", action);
              });
            },
            [&](const Use& n) {
              with("use", [&] {
                for (const Name& module : n.modules) named("module", module);
              });
            },
            [&](const Enumeration& n) {
              with(fmt::format("enum {}", n.name.text), [&] {
                for (const Name& value : n.values) named("value", value);
              });
            },
            [&](const State& n) {
              const std::string over =
                  n.of ? fmt::format("({}: {})", n.subject->text, n.of->name.text) : of(n.subject);
              with(fmt::format("state {}{}: {}", n.name.text, over, n.type.name.text), [&] {
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

}  // namespace cbench::ast
