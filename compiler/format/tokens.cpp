#include "compiler/format/tokens.h"

#include <unordered_map>

#include "compiler/parse/token.h"

namespace cbench::format {
namespace {

using parsing::Node;
using parsing::NodeKind;

/// What the parse tree knows of the token that begins at some place.
struct Mark {
  uint32_t end = 0;  ///< of an atom or operator; 0 for other tokens
  TokenKind kind{};
  bool item = false, groups = false, cpus = false;
};

class Tokens {
 public:
  Tokens(std::string_view text, const std::vector<Node>& tree) : text_(text) {
    for (const Node& node : tree) {
      marks_[node.begin].item = true;
      mark(node);
    }
  }

  std::vector<Token> all() {
    size_t at = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    uint32_t newlines = 0;
    while (at < text_.size()) {
      const char c = text_[at];
      if (c == '\n') ++newlines;
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at;
        continue;
      }
      Token token = at_place(at);
      at += token.text.size();
      token.newlines = newlines;
      newlines = 0;
      add(token);
    }
    return std::move(tokens_);
  }

 private:
  void atom(const Node& node, TokenKind kind) {
    Mark& mark = marks_[node.begin];
    mark.end = node.end;
    mark.kind = kind;
  }

  void mark(const Node& node) {
    switch (node.kind) {
      case NodeKind::Number:
      case NodeKind::Text:
      case NodeKind::Type:
        return atom(node, TokenKind::Atom);
      case NodeKind::Operator:
        return atom(node, TokenKind::Operator);
      case NodeKind::Prefix:
        return atom(node, text_[node.begin] == '-' ? TokenKind::Minus : TokenKind::Word);
      case NodeKind::Paren:
        marks_[node.begin].groups = true;
        break;
      case NodeKind::CpuSet:
        marks_[node.begin].cpus = marks_[node.end - 1].cpus = true;
        break;
      case NodeKind::Block:
      case NodeKind::TestBody:
      case NodeKind::TestCells:
        for (const Node& statement : node.children) marks_[statement.begin].item = true;
        break;
      case NodeKind::MatchCase:
        marks_[node.begin].item = true;
        break;
      default:
        break;
    }
    for (const Node& child : node.children) mark(child);
  }

  Token at_place(size_t at) {
    const auto found = marks_.find(static_cast<uint32_t>(at));
    const Mark known = found != marks_.end() ? found->second : Mark{};
    Token token;
    token.item = known.item;
    token.groups = known.groups;
    if (known.end > at) {
      token.kind = known.kind;
      token.text = text_.substr(at, known.end - at);
      return token;
    }
    if (text_[at] == '#') {
      token.kind = TokenKind::Comment;
      token.text = text_.substr(at, text_.find('\n', at) - at);
      return token;
    }
    const parsing::Found next = parsing::found_at(text_, at);
    token.text = next.text;
    token.kind = next.kind == parsing::FoundKind::Word ? TokenKind::Word : TokenKind::Sign;
    if (token.is("(") || token.is("[")) token.kind = TokenKind::OpenParen;
    if (token.is(")") || token.is("]")) token.kind = TokenKind::CloseParen;
    if (token.is("{")) token.kind = known.cpus ? TokenKind::OpenCpus : TokenKind::OpenBrace;
    if (token.is("}")) token.kind = known.cpus ? TokenKind::CloseCpus : TokenKind::CloseBrace;
    return token;
  }

  void add(const Token& token) {
    line_ += token.newlines;
    if (token.kind == TokenKind::OpenBrace) open_.emplace_back(tokens_.size(), line_);
    if (token.kind == TokenKind::CloseBrace && !open_.empty()) {
      tokens_[open_.back().first].lines = line_ > open_.back().second;
      open_.pop_back();
    }
    tokens_.push_back(token);
  }

  std::string_view text_;
  std::unordered_map<uint32_t, Mark> marks_;
  std::vector<Token> tokens_;
  std::vector<std::pair<size_t, uint32_t>> open_;  ///< braces: index of the token, line
  uint32_t line_ = 0;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text, const std::vector<Node>& tree) {
  return Tokens(text, tree).all();
}

}  // namespace cbench::format
