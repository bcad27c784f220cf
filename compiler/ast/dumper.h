// The writer of --dump ast, shared by the files of this folder that begin with `dump`; not for other folders.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "compiler/ast/ast.h"
#include "compiler/base/source.h"

namespace cbench::ast {

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

inline constexpr std::string_view kBinary[] = {
    "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "??", "+", "-", "*", "/", "%"};
inline constexpr std::string_view kAssign[] = {"=", "+=", "-="};
inline constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
inline constexpr std::string_view kEvents[] = {"begin", "end", "admit", "start", "stop", "failed"};

template <class Enum, size_t N>
std::string_view word(const std::string_view (&words)[N], Enum value) {
  return words[static_cast<size_t>(value)];
}

inline std::string quoted(std::string_view text) {
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

}  // namespace cbench::ast
