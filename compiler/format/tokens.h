// The tokens of a policy that the grammar has accepted, with its comments, as the formatter sees them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/parse/node.h"

namespace cbench::format {

enum class TokenKind : uint8_t {
  Word,
  Atom,      ///< a number, text or type: kept as it is
  Operator,  ///< between two operands
  Minus,     ///< the sign before one operand
  Sign,      ///< any other
  OpenParen,
  CloseParen,
  OpenBrace,  ///< of a block, a layout or an enum
  CloseBrace,
  OpenCpus,  ///< the braces of a set of CPUs
  CloseCpus,
  Comment,
};

struct Token {
  TokenKind kind{};
  std::string_view text;
  uint32_t newlines = 0;  ///< between it and the token before
  bool item = false;      ///< begins a declaration, a statement of a block or a case of a match
  bool groups = false;    ///< of OpenParen: around an operand, not arguments
  bool lines = false;     ///< of OpenBrace: its close stands on a later line
  [[nodiscard]] bool is(std::string_view other) const { return text == other; }
};

/// `tree` are the nodes of the header and of every declaration of `text`.
std::vector<Token> tokens_of(std::string_view text, const std::vector<parsing::Node>& tree);

}  // namespace cbench::format
