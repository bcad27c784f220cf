// A located YAML tree: every key and scalar knows the bytes that it was written with. Made from yaml-cpp's
// events, because its own Node keeps duplicate keys, does not merge `<<` and loses where an alias stands.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"

namespace cbench::config {

struct Node;
using NodePtr = std::shared_ptr<const Node>;  // aliases share what they name

struct Member {
  std::string key;
  Span key_span;
  NodePtr value;
};

struct Node {
  enum class Type : uint8_t { Null, Scalar, Map, List };
  Type type = Type::Null;
  Span span;           ///< of a scalar with its quotes; of a map or list, where it begins
  std::string text;    ///< of a scalar, before ${} is expanded
  bool plain = false;  ///< written without quotes: may be a number or a bool
  std::vector<Member> members;
  std::vector<NodePtr> items;
  size_t weight = 1;  ///< nodes below and including this one, aliases counted as often as they are used
};

/// The document of `source`, with aliases and merge keys resolved. Reports YamlSyntax and DuplicateKey; a
/// document with duplicate keys is still returned (the first one counts). nullptr: the text is not YAML. An
/// empty document is Null.
/// Passwords and tokens are hidden in `sources`.
NodePtr parse_yaml(SourceSet& sources, uint32_t source, Diagnostics& diagnostics);

/// Hides all values of `node` in messages.
void hide(SourceSet& sources, const Node& node);

/// Bytes of the scalar that stands at or after `start` (anchors and tags come first) and reads as `value`.
/// `indent` is the column of the line that a block scalar hangs below. nullopt: its closing quote is missing.
std::optional<Span> scalar_extent(std::string_view text, uint32_t source, size_t start,
                                  std::string_view value, size_t indent);

}  // namespace cbench::config
