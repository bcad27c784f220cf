#include "compiler/format/lines.h"

#include <algorithm>

namespace cbench::format {
namespace {

constexpr size_t kIndent = 2, kContinued = 4;

class Lines {
 public:
  explicit Lines(std::vector<Token>& tokens) : tokens_(tokens) {}

  std::vector<Line> all() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      const Token& token = tokens_[at_];
      if (token.is(";") && idle()) {
        if (at_ + 1 < tokens_.size())
          tokens_[at_ + 1].newlines = std::max(tokens_[at_ + 1].newlines, token.newlines);
        continue;
      }
      if (token.kind == TokenKind::Comment && token.newlines == 0 && !lines_.empty()) {
        lines_.back().comment = trimmed(token.text);
      } else {
        if (lines_.empty() || breaks())
          open_line();
        else if (last_ != nullptr && spaced(*last_, token))
          lines_.back().text += ' ';
        put(token);
      }
      nest(token);
      last_ = &token;
    }
    return std::move(lines_);
  }

 private:
  /// A brace that is open; what is in it is indented by `inner`.
  struct Brace {
    size_t inner;
    bool lines;
  };

  [[nodiscard]] size_t inner() const { return braces_.empty() ? 0 : braces_.back().inner; }
  [[nodiscard]] bool on_lines() const { return braces_.empty() || braces_.back().lines; }
  /// The next token that is no comment, nor a `;` (behind a comment it is idle); null at the end.
  [[nodiscard]] const Token* code_from(size_t at) const {
    while (at < tokens_.size() && (tokens_[at].kind == TokenKind::Comment || tokens_[at].is(";"))) ++at;
    return at < tokens_.size() ? &tokens_[at] : nullptr;
  }

  /// A `;` that ends what a newline or brace ends as well.
  [[nodiscard]] bool idle() const {
    if (last_ == nullptr || last_->kind == TokenKind::OpenBrace || last_->kind == TokenKind::Comment)
      return true;
    const size_t next = at_ + 1;
    if (next == tokens_.size()) return true;
    const Token& after = tokens_[next];
    return after.kind == TokenKind::Comment || after.kind == TokenKind::CloseBrace || after.is(";") ||
           on_lines();
  }

  [[nodiscard]] bool breaks() const {
    const Token& token = tokens_[at_];
    if (last_->kind == TokenKind::Comment) return true;
    if (token.kind == TokenKind::CloseBrace || last_->kind == TokenKind::OpenBrace)
      return parens_ == 0 && on_lines();
    if (token.item) return on_lines();
    if (token.newlines == 0) return false;
    if (token.kind == TokenKind::OpenBrace || token.kind == TokenKind::OpenCpus) return false;
    return !(token.is("else") && last_->kind == TokenKind::CloseBrace);
  }

  /// Whether the line belongs directly to its block, and does not go on with the line before.
  [[nodiscard]] bool begins_anew() const {
    const Token* code = code_from(at_);
    if (code == nullptr || code->item || code->is("else")) return true;
    switch (code->kind) {
      case TokenKind::OpenBrace:
      case TokenKind::CloseBrace:
      case TokenKind::CloseParen:
      case TokenKind::CloseCpus:
        return true;
      default:
        break;
    }
    const bool listed =
        code_before_ == nullptr || code_before_->is(",") || code_before_->kind == TokenKind::OpenBrace;
    return parens_ == 0 && !braces_.empty() && listed;  // a part of a layout
  }

  void open_line() {
    const Token& token = tokens_[at_];
    Line line;
    const bool anew = begins_anew();
    line.indent = inner() + (anew ? 0 : kContinued);
    if (token.kind == TokenKind::CloseBrace && !braces_.empty()) line.indent = inner() - kIndent;
    const bool may_stand_apart = token.item || (token.kind == TokenKind::Comment && anew);
    line.blank_before = !lines_.empty() && token.newlines > 1 && may_stand_apart &&
                        last_->kind != TokenKind::OpenBrace && !after_opening_comment();
    line.begin = line.end = at_;
    lines_.push_back(std::move(line));
  }

  /// `{ # comment` and then a blank line.
  [[nodiscard]] bool after_opening_comment() const {
    return last_->kind == TokenKind::Comment && last_->newlines == 0 && code_before_ != nullptr &&
           code_before_->kind == TokenKind::OpenBrace;
  }

  void put(const Token& token) {
    Line& line = lines_.back();
    if (token.kind == TokenKind::Comment) {
      line.comment = trimmed(token.text);
    } else {
      line.text += token.text;
      line.end = at_ + 1;
    }
  }

  void nest(const Token& token) {
    if (token.kind == TokenKind::OpenBrace) braces_.push_back({inner() + kIndent, token.lines});
    if (token.kind == TokenKind::CloseBrace && !braces_.empty()) braces_.pop_back();
    if (token.kind == TokenKind::OpenParen || token.kind == TokenKind::OpenCpus) ++parens_;
    if (token.kind == TokenKind::CloseParen || token.kind == TokenKind::CloseCpus) --parens_;
    if (token.kind != TokenKind::Comment) code_before_ = &token;
  }

  std::vector<Token>& tokens_;
  std::vector<Line> lines_;
  std::vector<Brace> braces_;
  int parens_ = 0;
  size_t at_ = 0;
  const Token* last_ = nullptr;         ///< the token before, other than an idle `;`
  const Token* code_before_ = nullptr;  ///< and the last one that is no comment
};

}  // namespace

bool spaced(const Token& before, const Token& token) {
  if (token.kind == TokenKind::CloseParen || before.kind == TokenKind::OpenParen) return false;
  if (token.kind == TokenKind::CloseCpus || before.kind == TokenKind::OpenCpus) return false;
  if (before.kind == TokenKind::Minus) return false;
  if (token.kind == TokenKind::OpenParen && !token.groups) return false;
  if (token.kind == TokenKind::Sign) {
    for (const std::string_view sign : {",", ";", ":", ".", ".."})
      if (token.is(sign)) return false;
  }
  return before.kind != TokenKind::Sign || !(before.is(".") || before.is(".."));
}

std::string_view trimmed(std::string_view comment) {
  const size_t last = comment.find_last_not_of(" \t\r");
  return comment.substr(0, last + 1);
}

std::vector<Line> lines_of(std::vector<Token>& tokens) { return Lines(tokens).all(); }

}  // namespace cbench::format
