#include <fmt/format.h>

#include "compiler/parse/build.h"
#include "compiler/parse/literals.h"
#include "grammar/messages.h"

namespace cbench::parsing {

std::string Builder::plain_text(const Node& node) {
  ast::Text made = text_of(node);
  std::string out;
  for (auto& part : made.parts) {
    if (const auto* expression = std::get_if<ast::ExprPtr>(&part)) {
      diagnostics_.report(Kind::BadText, (*expression)->span, "a text that documents cannot hold a value")
          .hint("write `{{` and `}}` for braces");
      break;
    }
    out += std::get<std::string>(part);
  }
  return out;
}

void Builder::header(const Node& node, ast::Policy& policy) {
  policy.name = name(node.children[0]);
  const Node& edition = node.children[1];
  const ast::NumberLiteral number = read_number(text(edition)).literal;
  if (!number.is_integer || number.unit != Unit::None)
    diagnostics_.report(Kind::Syntax, span(edition),
                        fmt::format("expected {}", grammar::message(grammar::Want::Edition)));
  policy.edition = {number.integer, span(edition)};
  policy.doc = plain_text(node.children[2]);
}

std::optional<ast::Name> Builder::subject(const Node& node) const {
  const Node* written = node.find(NodeKind::Subject);
  if (written == nullptr) return std::nullopt;
  return name(written->children.front());
}

ast::Param Builder::param(const Node& node) {
  ast::Param made;
  made.name = name(node.children[0]);
  made.type = type(node.children[1]);
  const Node* size = node.find(NodeKind::ArraySize);
  if (size != nullptr) made.size = expr(size->children.front());
  made.value = expr(node.children[size != nullptr ? 3 : 2]);
  if (const Node* bounds = node.find(NodeKind::Bounds)) {
    made.lo = expr(bounds->children[0]);
    made.hi = expr(bounds->children[1]);
  }
  if (const Node* doc = node.find(NodeKind::Text)) made.doc = plain_text(*doc);
  return made;
}

ast::ClassDecl Builder::class_decl(const Node& node) {
  ast::ClassDecl made;
  for (const Node& item : node.children) {
    const Node* set = item.find(NodeKind::Comprehension);
    made.items.push_back({name(item.children.front()), item.find(NodeKind::DefaultMark) != nullptr,
                          subject(item), set != nullptr ? expr(*set) : nullptr});
  }
  return made;
}

ast::Enumeration Builder::enumeration(const Node& node) {
  ast::Enumeration made{name(node.children.front()), {}};
  for (size_t i = 1; i < node.children.size(); ++i) made.values.push_back(name(node.children[i]));
  return made;
}

ast::State Builder::state(const Node& node) {
  const Node* size = node.find(NodeKind::ArraySize);
  const Node* of = node.find(NodeKind::Subject);
  const Node* of_type = of != nullptr ? of->find(NodeKind::Type) : nullptr;
  return {name(node.children.front()),
          subject(node),
          of_type != nullptr ? std::optional(type(*of_type)) : std::nullopt,
          type(*node.find(NodeKind::Type)),
          size != nullptr ? expr(size->children.front()) : nullptr,
          expr(node.children.back())};
}

ast::Stream Builder::stream(const Node& node) {
  ast::Stream made{name(node.children.front()), subject(node), std::nullopt, nullptr};
  if (const Node* written = node.find(NodeKind::Type)) made.type = type(*written);
  made.value = expr(node.children.back());
  return made;
}

ast::Fn Builder::fn(const Node& node) {
  const Node& head = node.children[0];
  ast::Fn made;
  made.name = name(head.children.front());
  for (const Node& part : head.children)
    if (part.kind == NodeKind::FnParameter)
      made.parameters.push_back(
          {name(part.children[0]), type(part.children[1]), part.find(NodeKind::ArrayMark) != nullptr});
  const Node& result = head.children.back();
  made.is_plan = text(result) == "plan";
  if (!made.is_plan) made.result = type(result);
  made.body = block(node.children[1]);
  return made;
}

ast::When Builder::when(const Node& node) {
  const Node& head = node.children[0];
  ast::When made;
  made.head = span(head);
  made.condition = expr(head.children.front());
  if (const Node* hold = head.find(NodeKind::Hold)) {
    made.hold = expr(hold->children.front());
    made.of = expr_in(hold->find(NodeKind::Tally));
  }
  if (const Node* each = head.find(NodeKind::Each)) {
    made.variable = name(each->children[0]);
    made.set = expr(each->children[1]);
    made.where = expr_in(each->find(NodeKind::Where));
  }
  made.cooldown = expr_in(head.find(NodeKind::Cooldown));
  made.body = block(node.children[1]);
  return made;
}

ast::On Builder::on(const Node& node) {
  const Node& head = node.children[0];
  const std::string_view event = text(head.children.front());
  ast::On made;
  made.head = span(head);
  made.event = event == "begin"   ? ast::OnEvent::Begin
               : event == "end"   ? ast::OnEvent::End
               : event == "admit" ? ast::OnEvent::Admit
               : event == "start" ? ast::OnEvent::Start
               : event == "stop"  ? ast::OnEvent::Stop
                                  : ast::OnEvent::Failed;
  made.variable = subject(head);
  if (const Node* verb = head.find(NodeKind::FailedVerb)) {
    made.action = name(*verb);
    if (const Node* container = head.find(NodeKind::Word)) made.variable = name(*container);
  }
  made.body = block(node.children[1]);
  return made;
}

void Builder::add(const Node& node, ast::Policy& policy) {
  if (node.kind == NodeKind::Header) return header(node, policy);
  const Node& inner = node.children.front();
  const auto made = [&](auto part) { policy.decls.push_back({span(inner), std::move(part)}); };
  switch (inner.kind) {
    case NodeKind::Param:
      return made(param(inner));
    case NodeKind::Class:
      return made(class_decl(inner));
    case NodeKind::Group:
      return made(ast::Group{name(inner.children[0]), expr(inner.children[1])});
    case NodeKind::Enum:
      return made(enumeration(inner));
    case NodeKind::State:
      return made(state(inner));
    case NodeKind::Stream:
      return made(stream(inner));
    case NodeKind::Fn:
      return made(fn(inner));
    case NodeKind::When:
      return made(when(inner));
    case NodeKind::On:
      return made(on(inner));
    case NodeKind::Needs:
    case NodeKind::Optional: {
      ast::Needs needs{inner.kind == NodeKind::Optional, {}};
      for (const Node& item : inner.children)
        needs.metrics.push_back({metric_name(item.children[0]), item.children.size() > 1
                                                                    ? std::optional(type(item.children[1]))
                                                                    : std::nullopt});
      return made(std::move(needs));
    }
    case NodeKind::Acts: {
      ast::Acts acts;
      for (const Node& action : inner.children) acts.actions.push_back(name(action));
      return made(std::move(acts));
    }
    case NodeKind::Uses: {
      ast::Use use;
      for (const Node& module : inner.children) use.modules.push_back(name(module));
      return made(std::move(use));
    }
    case NodeKind::Task: {
      const Node& head = inner.children[0];
      return made(ast::Task{span(head), name(head.children[0]), block(inner.children[1])});
    }
    case NodeKind::Test:
      return made(test(inner));
    default: {
      const Node& head = inner.children[0];
      return made(ast::Every{span(head), expr(head.children.front()), block(inner.children[1])});
    }
  }
}

}  // namespace cbench::parsing
