#include "compiler/config/fields.h"

#include <algorithm>

#include <fmt/format.h>

namespace cbench::config {

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestWord = 64;
  const std::string best = word.size() <= kLongestWord ? nearest(word, candidates) : "";
  return best.empty() ? "" : fmt::format("did you mean `{}`?", best);
}

std::string shown(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string out(text.substr(0, kLongest));
  if (text.size() > kLongest) {
    while (!out.empty() && (static_cast<unsigned char>(text[out.size()]) & 0xC0U) == 0x80U) out.pop_back();
    out += "…";
  }
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return out;
}

std::string in_ticks(std::string_view text) {
  return text.empty() ? "an empty text" : fmt::format("`{}`", shown(text));
}

Fields::Fields(Reading& reading, const Node& map, Keys keys, std::string what, Span where)
    : what_(std::move(what)) {
  for (const Member& member : map.members) {
    if (reading.diagnostics.enough()) return;
    if (member.value->type != Node::Type::Null) written_.push_back(member.key);
    read(reading, member, keys);
  }
  for (const Key& key : keys) {
    if (key.use != Use::Required || find(key.name) != nullptr) continue;
    const auto member = std::find_if(map.members.begin(), map.members.end(),
                                     [&](const Member& m) { return m.key == key.name; });
    if (member == map.members.end()) {
      reading.diagnostics
          .report(Kind::MissingKey, where, fmt::format("{} has no `{}`", what_, key.name),
                  fmt::format("needs `{}`", key.name))
          .hint(fmt::format("`{}`: {}", key.name, key.doc));
    } else if (member->value->type == Node::Type::Null) {
      reading.diagnostics
          .report(Kind::MissingKey, member->key_span, fmt::format("`{}` of {} has no value", key.name, what_),
                  "is empty")
          .hint(fmt::format("`{}`: {}", key.name, key.doc));
    }
  }
}

void Fields::read(Reading& reading, const Member& member, Keys keys) {
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == member.key; });
  if (key == keys.end()) return report_unknown(reading, member, keys);
  switch (key->use) {
    case Use::Ignored:
      reading.ignored.push_back(member);
      return;
    case Use::Tuning:
      tuning_.push_back(member);
      return;
    case Use::Optional:
    case Use::Required:
      break;
  }
  if (auto field = read_field(reading, *key, member)) fields_.push_back(std::move(*field));
}

void Fields::report_unknown(Reading& reading, const Member& member, Keys keys) const {
  if (const auto why = why_not_in_template(member.key); is_of_template(keys) && !why.empty()) {
    reading.diagnostics
        .report(Kind::UnknownKey, member.key_span,
                fmt::format("{} cannot have `{}`: a job gets it when it is made", what_, member.key),
                "not in a template")
        .hint(std::string(why));
    return;
  }
  auto built =
      reading.diagnostics.report(Kind::UnknownKey, member.key_span,
                                 fmt::format("{} has no key `{}`", what_, shown(member.key)), "not known");
  const std::string hint = did_you_mean(member.key, names_of(keys));
  if (!hint.empty()) built.hint(hint);
  if (is_secret(hint)) hide(reading.sources, *member.value);  // `pasword`
}

const Field* Fields::find(std::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.key->name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

bool Fields::written(std::string_view name) const {
  return std::find(written_.begin(), written_.end(), name) != written_.end();
}

std::string Fields::text(std::string_view name) const {
  const Field* field = find(name);
  return field == nullptr ? "" : field->text;
}

Located<std::string> Fields::located(std::string_view name) const {
  const Field* field = find(name);
  if (field == nullptr) return {};
  return {field->text, field->span};
}

bool Fields::truth(std::string_view name, bool otherwise) const {
  const Field* field = find(name);
  return field == nullptr ? otherwise : field->truth;
}

std::optional<int64_t> Fields::integer(std::string_view name) const {
  const Field* field = find(name);
  return field == nullptr ? std::nullopt : std::optional(field->integer);
}

std::optional<double> Fields::number(std::string_view name) const {
  const Field* field = find(name);
  return field == nullptr ? std::nullopt : std::optional(field->number);
}

}  // namespace cbench::config
