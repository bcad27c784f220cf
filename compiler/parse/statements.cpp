#include "compiler/parse/build.h"

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
    case NodeKind::Move:
      return made(ast::Move{expr(parts[0]), name(parts[1])});
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
    default:
      break;
  }
  auto target = expr(parts[0]);
  if (parts.size() == 1) return made(ast::ExprStmt{std::move(target)});
  const char sign = text(parts[1]).front();
  const auto op = sign == '+'   ? ast::AssignOp::Add
                  : sign == '-' ? ast::AssignOp::Subtract
                                : ast::AssignOp::Set;
  return made(ast::Assign{std::move(target), op, expr(parts[2])});
}

}  // namespace cbench::parsing
