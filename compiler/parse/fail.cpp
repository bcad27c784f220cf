// How a wish of the grammar that did not come true becomes a diagnostic.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/parse/hints.h"
#include "compiler/parse/reader.h"

namespace cbench::parsing {
namespace {

using grammar::Want;

constexpr size_t kNowhere = SIZE_MAX;

bool wants_name(Want want) {
  switch (want) {
    case Want::PolicyName:
    case Want::ParamName:
    case Want::ClassName:
    case Want::GroupName:
    case Want::EnumName:
    case Want::EnumValue:
    case Want::StateName:
    case Want::StreamName:
    case Want::SubjectName:
    case Want::FnName:
    case Want::FnParameter:
    case Want::Type:
    case Want::EachName:
    case Want::LetName:
    case Want::MoveClass:
    case Want::LayoutClass:
    case Want::EmitName:
    case Want::ElementName:
    case Want::MatchValue:
    case Want::ForName:
    case Want::TaskName:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Reader::fail(Want want, const grammar::Input& in) {
  if (want == Want::Recovered) throw grammar::Failure{};
  const auto at = static_cast<size_t>(in.current() - text_.data());
  const Found found = found_at(text_, at);
  const bool again =
      found.begin == last_error_ || at == bad_number_end_ || (want == Want::TooDeep && too_deep_);
  if (!again) {
    last_error_ = found.begin;
    too_deep_ = too_deep_ || want == Want::TooDeep;
    const bool in_text = in.newlines == grammar::Newlines::Close;
    if (in_text)
      report_text(want, at, static_cast<size_t>(in.text_begin - text_.data()));
    else
      report_want(want, at);
  }
  if (found.kind == FoundKind::FileEnd || diagnostics_.enough()) throw Abandon{};
  throw grammar::Failure{};
}

size_t Reader::opening(Want want) const {
  NodeKind kind = NodeKind::None;
  switch (want) {
    case Want::BlockClose:
      kind = NodeKind::Block;
      break;
    case Want::ParenClose:
      kind = NodeKind::Paren;
      break;
    case Want::ArgumentsClose:
      kind = NodeKind::Arguments;
      break;
    case Want::CpuSetClose:
      kind = NodeKind::CpuSet;
      break;
    default:
      return kNowhere;
  }
  for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
    const NodeKind at = open->node.kind;
    const bool of_test = at == NodeKind::TestBody || at == NodeKind::TestCells;
    if (at == kind || (of_test && kind == NodeKind::Block)) return open->node.begin;
  }
  return kNowhere;
}

void Reader::report_want(Want want, size_t at) {
  const Found found = found_at(text_, at);
  const Span where = span(found.begin, found.end);
  if (want == Want::TooDeep) {
    diagnostics_
        .report(Kind::TooDeep, where, fmt::format("nested more than {} levels deep", grammar::kMaxDepth))
        .hint("move the inner part into a function or a `let`");
    return;
  }
  const bool reserved = found.kind == FoundKind::Word && grammar::is_reserved(found.text);
  const bool assigned = want == Want::Statement && found_at(text_, found.end).text == "=";
  if (reserved && (wants_name(want) || assigned)) {
    diagnostics_
        .report(Kind::ReservedWord, where,
                fmt::format("`{}` is a reserved word and cannot be a name", found.text))
        .hint(fmt::format("choose another name, such as `{}_`", found.text));
    return;
  }
  report_syntax(want, found);
}

void Reader::report_syntax(Want want, const Found& found) {
  const Span where = span(found.begin, found.end);
  const size_t open = opening(want);
  const bool block = want == Want::BlockClose;
  if (block) {
    auto error =
        diagnostics_.report(Kind::Syntax, span(open, open + 1), "the block that begins here is not closed");
    if (found.kind != FoundKind::FileEnd) error.label(where, "expected `}` before this");
    return;
  }
  // What is missing at the end of a line is missed there, and not where the next token happens to stand.
  const size_t code_end = code_end_before(text_, found.begin);
  const std::string_view between = text_.substr(code_end, found.begin - code_end);
  const bool next_line = between.find('\n') != std::string_view::npos && code_end > 0 &&
                         want != Want::Statement && want != Want::Declaration && want != Want::Header;
  std::string label = fmt::format("found {}", describe(found));
  if (next_line && found.kind != FoundKind::FileEnd)
    label +=
        fmt::format(" in line {}",
                    1 + std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(found.begin), '\n'));
  auto error = diagnostics_.report(Kind::Syntax, next_line ? span(code_end, code_end) : where,
                                   fmt::format("expected {}", grammar::message(want)), label);
  if (open != kNowhere) error.label(span(open, open + 1), "opened here");
  if (const std::string help = hint(want, found, text_, next_line ? code_end : found.begin); !help.empty())
    error.hint(help);
}

void Reader::report_text(Want want, size_t at, size_t text_begin) {
  const Found found = found_at(text_, at);
  if (want == Want::Escape && found.kind != FoundKind::LineEnd && found.kind != FoundKind::FileEnd) {
    const Found escaped = found_at(text_, at);
    const size_t end = escaped.begin == at && escaped.kind == FoundKind::Sign ? escaped.end : at + 1;
    diagnostics_
        .report(Kind::BadText, span(at - 1, end),
                fmt::format("`{}` is not an escape", text_.substr(at - 1, end - at + 1)))
        .hint("the escapes are `\\\"`, `\\\\`, `\\n` and `\\t`");
  } else if (found.kind == FoundKind::LineEnd || found.kind == FoundKind::FileEnd ||
             want == Want::TextClose) {
    const bool comment = found.kind == FoundKind::LineEnd && text_[found.begin] == '#';
    auto error = diagnostics_.report(Kind::BadText, span(text_begin, text_begin + 1),
                                     "the text that begins here is not closed");
    error.hint(comment ? "write `{{` for a brace"
                       : "a text ends with `\"` on the line on which it begins; a line break is `\\n`");
  } else if (want == Want::DoubledBrace) {
    diagnostics_.report(Kind::BadText, span(at, at + 1), "a single `}` in a text")
        .hint("write `}}` for a brace");
  } else if (want == Want::Interpolated || want == Want::InterpolationClose) {
    diagnostics_
        .report(Kind::BadText, span(found.begin, found.end),
                fmt::format("expected {}", grammar::message(want)), fmt::format("found {}", describe(found)))
        .hint("`{x}` inserts a value; write `{{` for a brace");
  } else {
    report_want(want, at);
  }
}

}  // namespace cbench::parsing
