// From the parse tree to the syntax tree. The grammar has made sure that the nodes are complete; what is left
// to find here is nesting that is too deep for those who walk the syntax tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "compiler/parse/node.h"

namespace cbench::parsing {

class Builder {
 public:
  Builder(std::string_view text, uint32_t source, Diagnostics& diagnostics)
      : text_(text), source_(source), diagnostics_(diagnostics) {}

  /// Adds a header or a declaration.
  void add(const Node& node, ast::Policy& policy);

 private:
  /// An expression and the length of its longest path down.
  struct Built {
    ast::ExprPtr expr;
    uint32_t height = 1;
  };
  struct BuiltText {
    ast::Text text;
    uint32_t height = 0;
  };
  /// A row of operands and operators, read from the left.
  struct Cursor {
    const std::vector<Node>& items;
    size_t at = 0;
    [[nodiscard]] bool done() const { return at == items.size(); }
    [[nodiscard]] const Node& peek() const { return items[at]; }
  };

  [[nodiscard]] std::string_view text(const Node& node) const {
    return text_.substr(node.begin, node.end - node.begin);
  }
  [[nodiscard]] Span span(const Node& node) const { return {source_, node.begin, node.end}; }
  [[nodiscard]] ast::Name name(const Node& node) const { return {std::string(text(node)), span(node)}; }
  [[nodiscard]] ast::TypeName type(const Node& node) const { return {name(node)}; }

  // expressions.cpp
  ast::ExprPtr expr(const Node& node) { return value(node).expr; }
  ast::ExprPtr expr_in(const Node* node);
  Built value(const Node& node);
  Built joined(Built left, Cursor& row, int weakest);
  Built prefixed(Cursor& row);
  Built postfix(const Node& node);
  Built use(const Node& node);
  Built comprehension(const Node& node);
  Built cpu_set(const Node& node);
  ast::MetricName metric_name(const Node& node) const {
    return {name(node.children[0]), name(node.children[1]), span(node)};
  }
  ast::Argument argument(const Node& node, uint32_t& height);
  BuiltText interpolated(const Node& node);
  ast::Text text_of(const Node& node) { return interpolated(node).text; }
  Built make(Span where, decltype(ast::Expr::node) node, uint32_t height);

  // statements.cpp
  ast::Block block(const Node& node);
  std::unique_ptr<ast::Block> body(const Node& node);
  ast::Stmt statement(const Node& node);
  ast::If if_statement(const Node& node);
  ast::Layout layout(const Node& node);
  ast::ClassUse class_use(const Node& node);
  ast::Log log(const Node& node);
  ast::Assign assignment(const std::vector<Node>& parts);
  ast::Match match(const Node& node);
  ast::For for_statement(const Node& node);
  ast::Wait wait(const Node& node);
  std::unique_ptr<ast::Block> trial_plan(const Node& node);
  ast::Trial trial(const Node& node);

  // declarations.cpp
  void header(const Node& node, ast::Policy& policy);
  std::string plain_text(const Node& node);
  ast::Param param(const Node& node);
  ast::ClassDecl class_decl(const Node& node);
  ast::Enumeration enumeration(const Node& node);
  ast::State state(const Node& node);
  ast::Stream stream(const Node& node);
  ast::Fn fn(const Node& node);
  ast::When when(const Node& node);
  ast::On on(const Node& node);
  std::optional<ast::Name> subject(const Node& node) const;

  // tests.cpp
  ast::Test test(const Node& node);
  ast::TestItem test_item(const Node& node);
  ast::TestFeed test_feed(const Node& node);
  ast::TestContainer test_container(const Node& node);
  ast::TestExpect test_expect(const Node& node);
  ast::Name class_or_container(const Node& node) const;
  ast::TestNumber test_number(const Node& node) const;

  std::string_view text_;
  uint32_t source_;
  Diagnostics& diagnostics_;
  bool too_deep_ = false;  ///< reported
};

/// Reports comparisons in a chain and a `not` that binds weaker than the operator before it.
void check_row(std::string_view text, const Node& row, uint32_t source, Diagnostics& diagnostics);

}  // namespace cbench::parsing
