// Tests of a policy.
#include "compiler/parse/build.h"
#include "compiler/parse/literals.h"

namespace cbench::parsing {

ast::TestNumber Builder::test_number(const Node& node) const {
  return {read_number(text(node)).literal, span(node)};
}

ast::TestContainer Builder::test_container(const Node& node) {
  ast::TestContainer made;
  made.name = name(node.children.front());
  for (const Node& part : node.children) {
    if (part.kind == NodeKind::TestMark) (text(part) == "critical" ? made.critical : made.priority) = true;
    if (part.kind == NodeKind::TestRole) made.role = plain_text(part.children.front());
    if (part.kind == NodeKind::TestImage) made.image = plain_text(part.children.front());
    if (part.kind == NodeKind::CpuSet) made.cpus = expr(part);
    if (part.kind == NodeKind::TestTargets)
      for (const Node& figure : part.children)
        made.targets.emplace_back(name(figure.children[0]), test_number(figure.children[1]));
  }
  return made;
}

ast::TestFeed Builder::test_feed(const Node& node) {
  ast::TestFeed made;
  const Node& first = node.children.front();
  if (first.kind == NodeKind::Text) {
    made.file = plain_text(first);
    return made;
  }
  made.steps = test_number(first);
  for (const Node& cell : node.children[1].children) {
    ast::TestCell read;
    read.container = name(cell.children[0]);
    read.group = name(cell.children[1].children.front());
    read.metric = name(cell.children[2].children.front());
    if (const Node* value = cell.find(NodeKind::Number)) read.value = test_number(*value);
    made.cells.push_back(std::move(read));
  }
  return made;
}

/// "own(A)" without the blanks that it may be written with.
ast::Name Builder::class_or_container(const Node& node) const {
  ast::Name made = name(node);
  std::erase_if(made.text, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  return made;
}

ast::TestExpect Builder::test_expect(const Node& node) {
  ast::TestExpect made;
  for (const Node& part : node.children) switch (part.kind) {
      case NodeKind::TestNo:
        made.no = true;
        break;
      case NodeKind::TestAction:
        made.action = name(part);
        break;
      case NodeKind::TestTarget:
        made.target = class_or_container(part);
        break;
      case NodeKind::TestDomain:
        made.domain = test_number(part);
        break;
      case NodeKind::TestGoal:
        made.goal = class_or_container(part);
        break;
      case NodeKind::TestMissing:
        made.unlimited = true;
        break;
      case NodeKind::Number:
        made.value = test_number(part);
        break;
      case NodeKind::CpuSet:
        made.cpus = expr(part);
        break;
      case NodeKind::Text:
        made.text = plain_text(part);
        break;
      case NodeKind::TestWithin:
        made.within = test_number(part.children.front());
        break;
      case NodeKind::TestAfter:
        made.after = test_number(part.children.front());
        break;
      default:
        break;
    }
  return made;
}

ast::TestItem Builder::test_item(const Node& node) {
  const auto made = [&](auto part) { return ast::TestItem{span(node), std::move(part)}; };
  switch (node.kind) {
    case NodeKind::TestHost: {
      ast::TestHost host;
      for (const Node& fact : node.children)
        if (fact.children[1].kind == NodeKind::Word)
          host.words.emplace_back(name(fact.children[0]), name(fact.children[1]));
        else
          host.facts.emplace_back(name(fact.children[0]), test_number(fact.children[1]));
      return made(std::move(host));
    }
    case NodeKind::TestContainer:
      return made(test_container(node));
    case NodeKind::TestFeed:
      return made(test_feed(node));
    case NodeKind::TestLives:
      return made(ast::TestLife{text(node.children[0]) == "start", name(node.children[1])});
    default:
      return made(test_expect(node));
  }
}

ast::Test Builder::test(const Node& node) {
  ast::Test made;
  const Node& named = node.children[0];
  made.name = plain_text(named);
  made.name_span = span(named);
  for (const Node& item : node.children[1].children) made.items.push_back(test_item(item));
  return made;
}

}  // namespace cbench::parsing
