#include "compiler/base/source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "stdlib/embed/stock.h"

namespace cbench {
namespace {
constexpr size_t kMaxBytes = 16U << 20U;
}

SourceSet::Source SourceSet::made(std::string name, std::string text) {
  Source source{std::move(name), std::move(text), {0}, {}};
  for (size_t i = 0; i < source.text.size(); ++i)
    if (source.text[i] == '\n') source.line_starts.push_back(static_cast<uint32_t>(i + 1));
  return source;
}

uint32_t SourceSet::add(std::string name, std::string text) {
  sources_.push_back(made(std::move(name), std::move(text)));
  return static_cast<uint32_t>(sources_.size() - 1);
}

const std::vector<SourceSet::Source>& SourceSet::modules() {
  static const std::vector<Source> all = [] {
    std::vector<Source> sources;
    for (const EmbeddedText& module : std_modules())
      sources.push_back(made(fmt::format("std.{}", module.name), std::string(module.text)));
    return sources;
  }();
  return all;
}

std::optional<uint32_t> SourceSet::module(std::string_view name) {
  for (uint32_t i = 0; i < modules().size(); ++i)
    if (modules()[i].name == name) return kModules + i;
  return std::nullopt;
}

Result<uint32_t> SourceSet::load(const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
    return add("<stdin>", std::move(text));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{Exit::Invalid, fmt::format("cannot read `{}`: {}", path, std::strerror(errno)),
                 "check the path and its permissions"};
  char buffer[1U << 16U];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxBytes)
      return Error{Exit::Invalid, fmt::format("`{}` is larger than 16 MiB", path), "is it the right file?"};
  }
  if (file.bad()) return Error{Exit::Invalid, fmt::format("cannot read `{}`", path), "is it a folder?"};
  return add(path, std::move(text));
}

std::string_view SourceSet::text(Span span) const {
  if (!span.known()) return {};
  const std::string_view all = at(span.source).text;
  const size_t begin = std::min<size_t>(span.begin, all.size());
  return all.substr(begin, std::max<size_t>(span.end, begin) - begin);
}

Place SourceSet::place(uint32_t source, uint32_t offset) const {
  const auto& starts = at(source).line_starts;
  const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  const auto line = static_cast<uint32_t>(after - starts.begin());
  return {line, offset - starts[line - 1] + 1};
}

std::string_view SourceSet::line_text(uint32_t source, uint32_t line) const {
  const Source& s = at(source);
  const std::string_view all = s.text;
  const size_t begin = s.line_starts[line - 1];
  size_t end = line < s.line_starts.size() ? s.line_starts[line] - 1 : all.size();
  if (end > begin && all[end - 1] == '\r') --end;
  return all.substr(begin, end - begin);
}

void SourceSet::hide(Span span) {
  if (span.known() && !in_module(span)) sources_[span.source].hidden.push_back(span);
}

std::string SourceSet::shown_line(uint32_t source, uint32_t line) const {
  const Source& s = at(source);
  std::string shown(line_text(source, line));
  const size_t start = s.line_starts[line - 1];
  for (const Span& span : s.hidden) {
    const size_t end = std::min<size_t>(span.end, start + shown.size());
    for (size_t i = std::max<size_t>(span.begin, start); i < end; ++i) shown[i - start] = '*';
  }
  return shown;
}

}  // namespace cbench
