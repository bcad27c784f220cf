// The values of number literals.
#pragma once

#include <string_view>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "compiler/parse/node.h"

namespace cbench::parsing {

enum class NumberFault : uint8_t { None, OutOfRange, UnknownUnit };

/// A literal as the grammar matched it ("1_000", "80%", "1.5MiB/s"), read.
struct ReadNumber {
  ast::NumberLiteral literal;
  NumberFault fault = NumberFault::None;
  size_t unit_begin = 0;  ///< offset of the unit in the literal; its length when it has none
};
ReadNumber read_number(std::string_view literal);

/// Whether `word` is what can be glued to a number.
bool is_unit(std::string_view word);

/// Reports a number out of range (CB0103) or with an unknown unit (CB0104). True: all is well.
bool check_number(std::string_view text, const Node& number, uint32_t source, Diagnostics& diagnostics);

}  // namespace cbench::parsing
