// Columns: adjacent declarations of one kind are a table.
#include <algorithm>

#include "compiler/format/lines.h"

namespace cbench::format {
namespace {

size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string joined(const std::vector<Token>& tokens, size_t from, size_t to) {
  std::string out;
  for (size_t i = from; i < to; ++i) {
    if (i > from && spaced(tokens[i - 1], tokens[i])) out += ' ';
    out += tokens[i].text;
  }
  return out;
}

/// `param name:`, `type`, `= default`, `in lo..hi`, `"text"`; of a state the first three, of a stream or
/// group `stream name(c)` and `= …`. Columns that a line lacks are empty. Empty: the line is not of a table.
std::vector<std::string> cells(const Line& line, const std::vector<Token>& tokens) {
  const std::string_view keyword = line.only_comment() ? std::string_view{} : tokens[line.begin].text;
  const bool param = keyword == "param";
  const bool typed = param || keyword == "state";
  if (!typed && keyword != "stream" && keyword != "group") return {};
  const auto after = [&](size_t from, std::string_view text) {
    for (size_t i = from; i < line.end; ++i)
      if (tokens[i].is(text)) return i;
    return line.end;
  };
  const size_t equals = after(line.begin, "=");
  const size_t type = typed ? std::min(after(line.begin, ":") + 1, equals) : equals;
  std::vector<std::string> out = {joined(tokens, line.begin, type)};
  if (typed) out.push_back(joined(tokens, type, equals));
  if (!param) {
    out.push_back(joined(tokens, equals, line.end));
    return out;
  }
  const size_t last = line.end - 1;
  const size_t text = tokens[last].text.starts_with('"') ? last : line.end;
  const size_t in = std::min(after(equals, "in"), text);
  out.push_back(joined(tokens, equals, in));
  out.push_back(joined(tokens, in, text));
  out.push_back(joined(tokens, text, line.end));
  return out;
}

/// Whether the declaration that the line begins also ends on it.
bool is_whole(const Line& line, const std::vector<Token>& tokens) {
  size_t next = line.end;
  while (next < tokens.size() && (tokens[next].kind == TokenKind::Comment || tokens[next].is(";"))) ++next;
  return next == tokens.size() || tokens[next].item;
}

struct Row {
  Line* line;
  std::vector<std::string> cells;
};

void set_columns(std::vector<Row>& rows) {
  for (size_t column = 0; !rows.empty() && column < rows.front().cells.size(); ++column) {
    size_t widest = 0;
    for (const Row& row : rows) widest = std::max(widest, width(row.cells[column]));
    for (Row& row : rows)
      row.cells[column].resize(row.cells[column].size() + widest - width(row.cells[column]), ' ');
  }
  for (Row& row : rows) {
    std::string& text = row.line->text;
    text.clear();
    for (const std::string& cell : row.cells)
      if (!cell.empty()) text += (text.empty() ? "" : " ") + cell;
    text.erase(text.find_last_not_of(' ') + 1);
  }
  rows.clear();
}

}  // namespace

void align(std::vector<Line>& lines, const std::vector<Token>& tokens) {
  std::vector<Row> rows;
  std::string_view keyword;
  for (Line& line : lines) {
    std::vector<std::string> made = !line.only_comment() && tokens[line.begin].item && is_whole(line, tokens)
                                        ? cells(line, tokens)
                                        : std::vector<std::string>{};
    const std::string_view word = made.empty() ? std::string_view{} : tokens[line.begin].text;
    if (line.blank_before || word != keyword) set_columns(rows);
    keyword = word;
    if (!made.empty()) rows.push_back({&line, std::move(made)});
  }
  set_columns(rows);
}

}  // namespace cbench::format
