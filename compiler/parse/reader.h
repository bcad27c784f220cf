// What the parser keeps while the grammar matches: the open nodes, the tree so far, and what went wrong.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "compiler/parse/token.h"
#include "compiler/parse/tree.h"

namespace cbench::parsing {

/// Thrown when there is no use in going on: the text is at its end, or there are too many errors.
struct Abandon {};

class Reader {
 public:
  /// `tree` gets the nodes of the header and of the declarations; it may be null.
  Reader(std::string_view text, uint32_t source, Diagnostics& diagnostics, ast::Policy& policy,
         std::vector<Node>* tree)
      : text_(text), source_(source), diagnostics_(diagnostics), policy_(policy), tree_(tree) {}

  void open(NodeKind kind, const char* at);
  /// Ends the innermost node. A header or declaration without an error becomes part of the policy at once.
  void close(const char* at);
  void drop() { open_.pop_back(); }
  /// Reports that the grammar did not find what it was committed to. Throws grammar::Failure or Abandon.
  [[noreturn]] void fail(grammar::Want want, const grammar::Input& in);

 private:
  struct OpenNode {
    Node node;
    size_t errors = 0;  ///< reported before it
  };

  [[nodiscard]] Span span(size_t begin, size_t end) const {
    return {source_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  void report_want(grammar::Want want, size_t at);
  void report_syntax(grammar::Want want, const Found& found);
  void report_text(grammar::Want want, size_t at, size_t text_begin);
  /// The bracket that the innermost open node of such a kind begins with; kNowhere without.
  [[nodiscard]] size_t opening(grammar::Want want) const;
  void finish(const OpenNode& done);

  std::string_view text_;
  uint32_t source_;
  Diagnostics& diagnostics_;
  ast::Policy& policy_;
  std::vector<Node>* tree_;
  std::vector<OpenNode> open_;
  // What would only repeat an error is not reported.
  size_t last_error_ = SIZE_MAX;      ///< where the last error stands
  size_t bad_number_end_ = SIZE_MAX;  ///< end of the last number with an error
  bool too_deep_ = false;             ///< reported in this declaration
};

/// PEGTL's control: rules that have a node open and close it, wishes fail.
template <class Rule>
struct Control : tao::pegtl::normal<Rule> {
  static constexpr bool enable = kNodeOf<Rule> != NodeKind::None;

  static void start(const grammar::Input& in, Reader& reader) { reader.open(kNodeOf<Rule>, in.current()); }
  static void success(const grammar::Input& in, Reader& reader) { reader.close(in.current()); }
  static void failure(const grammar::Input&, Reader& reader) { reader.drop(); }
  static void unwind(const grammar::Input&, Reader& reader) { reader.drop(); }
};

template <grammar::Want W>
struct Control<grammar::wanted<W>> {
  static constexpr bool enable = false;
  [[noreturn]] static void raise(const grammar::Input& in, Reader& reader) { reader.fail(W, in); }
};

}  // namespace cbench::parsing
