// The text of resctrl's schemata files: read, searched and written.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/host/files.h"
#include "runtime/host/resctrl.h"

namespace cbench {
namespace {

Error invalid(size_t line, const std::string& what) {
  return {Exit::Invalid, fmt::format("schemata, line {}: {}", line, what), ""};
}

Result<SchemataLine> parse_line(std::string_view text, size_t number) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return invalid(number, fmt::format("no `:` in `{}`", text));
  SchemataLine line;
  line.resource = trimmed(text.substr(0, colon));
  if (line.resource.empty()) return invalid(number, "no resource before `:`");
  for (const std::string_view part : fields(text.substr(colon + 1), ';')) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos)
      return invalid(number, fmt::format("`{}` is not DOMAIN=VALUE", part));
    const auto id = parse_number(trimmed(part.substr(0, equals)));
    const auto value = parse_number(trimmed(part.substr(equals + 1)), line.is_mask() ? 16 : 10);
    if (!id || *id > UINT32_MAX || !value)
      return invalid(number, fmt::format("`{}` is not DOMAIN=VALUE", part));
    if (line.find(static_cast<uint32_t>(*id)))
      return invalid(number, fmt::format("domain {} stands twice", *id));
    line.domains.emplace_back(static_cast<uint32_t>(*id), *value);
  }
  return line;
}

}  // namespace

const uint64_t* SchemataLine::find(uint32_t id) const {
  for (const auto& domain : domains)
    if (domain.first == id) return &domain.second;
  return nullptr;
}

Result<Schemata> parse_schemata(std::string_view text) {
  Schemata schemata;
  size_t number = 0;
  for (const std::string_view line : fields(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    auto parsed = parse_line(line, number);
    if (!parsed) return parsed.error();
    schemata.push_back(std::move(*parsed));
  }
  return schemata;
}

std::string to_text(const Schemata& schemata) {
  std::string text;
  for (const SchemataLine& line : schemata) {
    text += line.resource;
    char separator = ':';
    for (const auto& [id, value] : line.domains) {
      text += line.is_mask() ? fmt::format("{}{}={:x}", separator, id, value)
                             : fmt::format("{}{}={}", separator, id, value);
      separator = ';';
    }
    text += '\n';
  }
  return text;
}

const SchemataLine* find_line(const Schemata& schemata, std::string_view resource) {
  for (const SchemataLine& line : schemata)
    if (line.resource == resource) return &line;
  return nullptr;
}

const SchemataLine* find_l3(const Schemata& schemata) {
  const SchemataLine* line = find_line(schemata, "L3");
  return line ? line : find_line(schemata, "L3CODE");
}

Result<Schemata> read_schemata(const std::string& group_folder) {
  const auto text = read_text(group_folder + "/schemata");
  if (!text)
    return Error{Exit::RunFailed, fmt::format("cannot read {}/schemata", group_folder),
                 "the group was removed by someone else, or resctrl was unmounted"};
  auto schemata = parse_schemata(*text);
  if (!schemata) schemata.error().message = group_folder + "/" + schemata.error().message;
  return schemata;
}

}  // namespace cbench
