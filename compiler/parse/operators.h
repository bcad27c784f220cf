// The operators and how tightly they bind (grammar/README.md).
#pragma once

#include <string_view>

#include "compiler/ast/ast.h"

namespace cbench::parsing {

/// What binds tighter has the higher level. The unary minus binds tighter than all of them.
enum Level : int { kOr = 1, kAnd, kNot, kComparison, kDefault, kSum, kProduct };

struct Operator {
  std::string_view text;
  ast::BinaryOp op;
  Level level;
};

/// The operator that is written `text`; the grammar knows no other.
const Operator& operator_of(std::string_view text);

}  // namespace cbench::parsing
