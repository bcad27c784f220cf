#include "compiler/parse/build.h"
#include "compiler/parse/literals.h"

namespace cbench::parsing {

ast::Block Builder::block(const Node& node) {
  ast::Block made;
  made.reserve(node.children.size());
  for (const Node& child : node.children) made.push_back(statement(child));
  return made;
}

/// A block, or one statement as a block.
std::unique_ptr<ast::Block> Builder::body(const Node& node) {
  auto made = std::make_unique<ast::Block>();
  if (node.kind == NodeKind::Block)
    *made = block(node);
  else
    made->push_back(statement(node));
  return made;
}

ast::If Builder::if_statement(const Node& node) {
  ast::If made;
  const Node& head = node.children[0];
  if (head.kind == NodeKind::IfLet) made.binding = name(head.children[0]);
  made.condition = expr(head.kind == NodeKind::IfLet ? head.children[1] : head);
  made.then = body(node.children[1]);
  if (node.children.size() > 2) made.otherwise = body(node.children[2]);
  return made;
}

ast::ClassUse Builder::class_use(const Node& node) {
  return {name(node.children[0]), node.children.size() > 1 ? expr(node.children[1]) : nullptr, span(node)};
}

ast::Layout Builder::layout(const Node& node) {
  ast::Layout made{name(node.children.front()), {}};
  for (size_t i = 1; i < node.children.size(); ++i) {
    const Node& part = node.children[i];
    const Node& ways = part.children.back();
    made.parts.push_back(
        {name(part.children.front()), ways.kind == NodeKind::LayoutRest ? nullptr : expr(ways)});
  }
  return made;
}

ast::Log Builder::log(const Node& node) {
  ast::LogLevel level = ast::LogLevel::Info;
  if (const Node* written = node.find(NodeKind::Level)) {
    const std::string_view word = text(*written);
    level = word == "debug"  ? ast::LogLevel::Debug
            : word == "warn" ? ast::LogLevel::Warn
            : word == "info" ? ast::LogLevel::Info
                             : ast::LogLevel::Error;
  }
  return {level, text_of(node.children.back())};
}

ast::Assign Builder::assignment(const std::vector<Node>& parts) {
  const char sign = text(parts[1]).front();
  auto target = expr(parts[0]);
  const auto op = sign == '+'   ? ast::AssignOp::Add
                  : sign == '-' ? ast::AssignOp::Subtract
                                : ast::AssignOp::Set;
  return {std::move(target), op, expr(parts[2])};
}

ast::Match Builder::match(const Node& node) {
  ast::Match made{expr(node.children[0]), {}};
  for (size_t i = 1; i < node.children.size(); ++i) {
    const std::vector<Node>& parts = node.children[i].children;
    ast::Match::Case each;
    each.span = join(span(parts.front()), span(parts[parts.size() - 2]));
    if (parts.front().kind != NodeKind::MatchElse)
      for (size_t v = 0; v + 1 < parts.size(); ++v) each.values.push_back(name(parts[v]));
    each.body = body(parts.back());
    made.cases.push_back(std::move(each));
  }
  return made;
}

ast::For Builder::for_statement(const Node& node) {
  const Node& head = node.children[0];
  const Node* second = head.find(NodeKind::ForSecond);
  ast::For made{name(head.children[0]),
                std::nullopt,
                expr(head.children[second != nullptr ? 2 : 1]),
                nullptr,
                nullptr,
                nullptr};
  if (second != nullptr) made.second = name(second->children.front());
  made.to = expr_in(head.find(NodeKind::ForRange));
  made.where = expr_in(head.find(NodeKind::Where));
  made.body = body(node.children[1]);
  return made;
}

ast::Wait Builder::wait(const Node& node) {
  const Node* until = node.find(NodeKind::WaitUntil);
  if (until == nullptr) return {expr(node.children[0]), nullptr, nullptr};
  ast::Wait made{nullptr, expr(until->children[0]), nullptr};
  made.timeout = expr_in(until->find(NodeKind::WaitTimeout));
  return made;
}

std::unique_ptr<ast::Block> Builder::trial_plan(const Node& node) {
  if (node.kind != NodeKind::TrialWrite) return body(node);
  auto made = std::make_unique<ast::Block>();
  if (node.children.size() == 1)
    made->push_back({span(node), ast::ExprStmt{expr(node.children[0])}});
  else
    made->push_back({span(node), assignment(node.children)});
  return made;
}

ast::Trial Builder::trial(const Node& node) {
  ast::Trial made;
  made.plan = trial_plan(node.children[0]);
  if (const Node* other = node.find(NodeKind::TrialOther)) made.other = trial_plan(other->children[0]);
  made.length = expr_in(node.find(NodeKind::TrialLength));
  made.vote = expr_in(node.find(NodeKind::TrialVote));
  const Node& otherwise = *node.find(NodeKind::TrialElse);
  made.revert = text(otherwise.children[0]) == "revert";
  if (otherwise.children.size() > 1) made.otherwise = body(otherwise.children[1]);
  return made;
}

ast::Stmt Builder::statement(const Node& node) {
  const Node& inner =
      node.kind == NodeKind::Statement ? node.children.front() : node;  // `else if` has no wrapping
  const std::vector<Node>& parts = inner.children;
  const auto made = [&](auto part) { return ast::Stmt{span(inner), std::move(part)}; };
  switch (inner.kind) {
    case NodeKind::Let:
      return made(ast::Let{name(parts[0]), expr(parts[1])});
    case NodeKind::If:
      return made(if_statement(inner));
    case NodeKind::Try: {
      auto tried = body(parts[0]);
      return made(ast::Try{std::move(tried), body(parts[1])});
    }
    case NodeKind::Return:
      return made(ast::Return{parts.empty() ? nullptr : expr(parts[0])});
    case NodeKind::Stop:
      return made(ast::Stop{text_of(parts[0])});
    case NodeKind::Move: {
      auto container = expr(parts[0]);
      return made(ast::Move{std::move(container), class_use(parts[1])});
    }
    case NodeKind::Layout:
      return made(layout(inner));
    case NodeKind::Pin: {
      auto container = expr(parts[0]);
      return made(ast::Pin{std::move(container), expr(parts[1])});
    }
    case NodeKind::Log:
      return made(log(inner));
    case NodeKind::Annotate: {
      auto container = parts.size() > 1 ? expr(parts[0]) : nullptr;
      return made(ast::Annotate{std::move(container), text_of(parts.back())});
    }
    case NodeKind::Emit:
      return made(ast::Emit{name(parts[0]), expr(parts[1])});
    case NodeKind::Reject: {
      auto container = expr(parts[0]);
      return made(ast::Reject{std::move(container), text_of(parts[1])});
    }
    case NodeKind::Pause:
    case NodeKind::Resume:
      return made(ast::Pause{expr(parts[0]), inner.kind == NodeKind::Pause});
    case NodeKind::Sample: {
      auto container = expr(parts[0]);
      return made(ast::Sample{std::move(container), read_number(text(parts[1])).literal, span(parts[1])});
    }
    case NodeKind::Match:
      return made(match(inner));
    case NodeKind::For:
      return made(for_statement(inner));
    case NodeKind::Repeat: {
      const Node& head = parts[0];
      auto most = expr(head.children[0]);
      auto condition = expr(head.children[1]);
      return made(ast::Repeat{std::move(most), std::move(condition), body(parts[1])});
    }
    case NodeKind::Loop:
      return made(ast::Loop{body(parts[0])});
    case NodeKind::Wait:
      return made(wait(inner));
    case NodeKind::Trial:
      return made(trial(inner));
    default:
      break;
  }
  if (parts.size() == 1) return made(ast::ExprStmt{expr(parts[0])});
  return made(assignment(parts));
}

}  // namespace cbench::parsing
