// Maps of texts and lists of NAME=value: `environment` and `params`. Finds the secrets in them.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/config/field_value.h"

namespace cbench::config {

bool is_secret(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  for (const std::string_view part : {"PASSWORD", "PASSWD", "TOKEN", "SECRET"})
    if (upper.find(part) != std::string::npos) return true;
  return false;
}

namespace {

/// Masks what stands behind the `=` of an assignment.
void mask_assignment(Reading& reading, const Node& node) {
  const std::string_view written = reading.sources.text(node.span);
  const size_t equals = written.find('=');
  const bool block = !written.empty() && (written[0] == '|' || written[0] == '>');
  if (equals == std::string_view::npos || block || written.find('\n') != std::string_view::npos)
    return mask_scalar(reading, node.span, node.text.substr(0, node.text.find('=') + 1));
  const uint32_t quote = written[0] == '"' || written[0] == '\'' ? 1 : 0;
  const auto begin = static_cast<uint32_t>(node.span.begin + equals + 1);
  const uint32_t end = node.span.end - quote;
  if (end > begin) reading.masks.push_back({{node.span.source, begin, end}, "***"});
}

/// A variable of a container's environment: neither empty nor with `=`, which ends it.
bool check_name(Reading& reading, const Field& field, std::string_view name, Span span) {
  if (field.key->type != Type::Pairs || (!name.empty() && name.find('=') == std::string_view::npos))
    return true;
  reading.diagnostics.report(Kind::OutOfRange, span,
                             fmt::format("{} is no name of a variable", in_ticks(name)),
                             name.empty() ? "needs a name" : "has a `=` in its name");
  return false;
}

}  // namespace

bool read_pairs(Reading& reading, Field& field) {
  bool good = true;
  for (const Member& member : field.node->members) {
    const Node& node = *member.value;
    good = check_name(reading, field, member.key, member.key_span) && good;
    if (node.type == Node::Type::Map || node.type == Node::Type::List) {
      reading.diagnostics.report(
          Kind::WrongType, member.key_span,
          fmt::format("`{}` in `{}` is a text, not {}", shown(member.key), field.key->name, describe(node)),
          "must be a single value");
      good = false;
      continue;
    }
    const bool scalar = node.type == Node::Type::Scalar;
    const bool secret = field.key->type == Type::Pairs && is_secret(member.key);
    auto value = scalar ? expand(reading, node, field.key->unset, secret) : std::optional(Expanded{});
    good = good && value;
    if (!value) continue;
    if (secret && !value->text.empty()) mask_scalar(reading, node.span);
    const Span span = scalar ? node.span : member.key_span;
    field.pairs.emplace_back(member.key, Located<std::string>{std::move(value->text), span});
  }
  return good;
}

bool read_assignments(Reading& reading, Field& field) {
  bool good = true;
  std::map<std::string, Span> names;
  for (const NodePtr& node : field.node->items) {
    const size_t equals = node->type == Node::Type::Scalar ? node->text.find('=') : std::string::npos;
    if (equals == std::string::npos || equals == 0) {
      const Span span = node->type == Node::Type::Null ? field.key_span : node->span;
      reading.diagnostics.report(Kind::WrongType, span,
                                 fmt::format("an entry of `{}` is `NAME=value`", field.key->name),
                                 equals == 0 ? "has no name" : "has no name and value");
      good = false;
      continue;
    }
    std::string name = node->text.substr(0, equals);
    const auto [before, is_new] = names.emplace(name, node->span);
    if (!is_new) {
      reading.diagnostics
          .report(Kind::DuplicateKey, node->span,
                  fmt::format("`{}` stands twice in `{}`", shown(name), field.key->name), "again here")
          .label(before->second, "first here")
          .hint("remove one of the two");
      good = false;
    }
    Node right = *node;
    right.text.erase(0, equals + 1);
    const bool secret = is_secret(name);
    auto value = expand(reading, right, field.key->unset, secret);
    good = good && value;
    if (!value) continue;
    field.pairs.emplace_back(std::move(name), Located<std::string>{std::move(value->text), node->span});
    if (secret) mask_assignment(reading, *node);
  }
  return good;
}

}  // namespace cbench::config
