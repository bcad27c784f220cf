// ${VAR}, ${VAR:-default} and $$ in values. Done after YAML was parsed, so that a value cannot change the
// structure and a comment is never looked at.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/config/reading.h"

namespace cbench::config {
namespace {

constexpr size_t kMaxExpandedBytes = 16U << 20U;
constexpr int kMaxNesting = 8;

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Place of the brace that closes the one before `at`; npos when there is none.
size_t closing_brace(std::string_view text, size_t at) {
  for (int depth = 1; at < text.size(); ++at) {
    if (text[at] == '}' && --depth == 0) return at;
    if (text.substr(at, 2) == "${") ++depth;
  }
  return std::string_view::npos;
}

class Expansion {
 public:
  Expansion(Reading& reading, const Node& scalar, Unset unset, bool secret)
      : reading_(reading), scalar_(scalar), unset_(unset), secret_(secret) {}

  std::optional<Expanded> run() {
    std::string text = replace(scalar_.text, 0);
    if (failed_) return std::nullopt;
    return Expanded{std::move(text), changed_};
  }

 private:
  std::string replace(std::string_view text, int nesting) {
    std::string out;
    while (!text.empty() && !failed_) {
      const size_t dollar = std::min(text.find('$'), text.size());
      append(out, text.substr(0, dollar));
      text.remove_prefix(dollar);
      if (text.starts_with("$$")) {
        append(out, unset_ == Unset::Kept ? "$$" : "$");
        text.remove_prefix(2);
      } else if (text.starts_with("${")) {
        const size_t close = closing_brace(text, 2);
        const size_t length = close == std::string_view::npos ? text.size() : close + 1;
        append(out, variable(text.substr(0, length), close != std::string_view::npos, nesting));
        text.remove_prefix(length);
      } else if (!text.empty()) {
        append(out, text.substr(0, 1));
        text.remove_prefix(1);
      }
    }
    return out;
  }

  /// What stands for `whole`, a text such as ${NAME:-default}.
  std::string variable(std::string_view whole, bool closed, int nesting) {
    const std::string_view inside = whole.substr(2, whole.size() - (closed ? 3 : 2));
    const size_t colon = inside.find(":-");
    const std::string name(inside.substr(0, colon));
    if (!closed || !is_name(name) || nesting > kMaxNesting) {
      if (unset_ == Unset::Kept) return std::string(whole);  // an expression of the shell
      return bad(whole, nesting);
    }
    const std::optional<std::string>& value = reading_.variable(name);
    const bool has_default = colon != std::string_view::npos;
    if (value && !(has_default && value->empty())) {
      changed_ = true;
      note(name);
      return *value;
    }
    if (unset_ == Unset::Kept) return std::string(whole);
    if (has_default) {
      changed_ = true;
      if (value) note(name);  // set, but empty
      return replace(inside.substr(colon + 2), nesting + 1);
    }
    if (unset_ == Unset::Error) report_unset(name, whole);
    failed_ = true;
    return {};
  }

  void note(const std::string& name) {
    if (secret_) {
      reading_.secret.insert(name);
    } else if (std::find(reading_.used.begin(), reading_.used.end(), name) == reading_.used.end()) {
      reading_.used.push_back(name);
    }
  }

  void report_unset(const std::string& name, std::string_view whole) {
    if (!reading_.reported.insert(name).second) return;
    reading_.diagnostics
        .report(Kind::UnsetVariable, find(whole), fmt::format("the variable `{}` is not set", name),
                "has no value")
        .hint(fmt::format(
            "set it in the environment or in a `.env` file, or give a default: `${{{}:-value}}`", name));
  }

  std::string bad(std::string_view whole, int nesting) {
    if (!failed_ && nesting > kMaxNesting)
      reading_.diagnostics.report(Kind::UnsetVariable, find(whole),
                                  fmt::format("defaults stand in defaults, more than {} deep", kMaxNesting),
                                  "one too many");
    else if (!failed_)
      reading_.diagnostics
          .report(Kind::UnsetVariable, find(whole), "`${` begins no variable here",
                  "not `${NAME}` or `${NAME:-default}`")
          .hint("a plain dollar sign is written `$$`");
    failed_ = true;
    return {};
  }

  /// Where `part` of the scalar stands in the source; the whole scalar when escapes or folded lines hide it.
  [[nodiscard]] Span find(std::string_view part) const {
    const size_t at = reading_.sources.text(scalar_.span).find(part);
    if (at == std::string_view::npos) return scalar_.span;
    const auto begin = static_cast<uint32_t>(scalar_.span.begin + at);
    return {scalar_.span.source, begin, begin + static_cast<uint32_t>(part.size())};
  }

  void append(std::string& out, std::string_view part) {
    reading_.expanded_bytes += part.size();
    if (reading_.expanded_bytes > kMaxExpandedBytes) {
      if (!failed_)
        reading_.diagnostics.report(
            Kind::OutOfRange, scalar_.span,
            fmt::format("the values of this file have more than {} bytes", kMaxExpandedBytes),
            "too long with its variables");
      failed_ = true;
    } else {
      out += part;
    }
  }

  Reading& reading_;
  const Node& scalar_;
  Unset unset_;
  bool secret_;
  bool changed_ = false, failed_ = false;
};

}  // namespace

const std::optional<std::string>& Reading::variable(const std::string& name) {
  const auto known = answers.find(name);
  if (known != answers.end()) return known->second;
  return answers.emplace(name, environment(name)).first->second;
}

std::optional<Expanded> expand(Reading& reading, const Node& scalar, Unset unset, bool secret) {
  return Expansion(reading, scalar, unset, secret).run();
}

std::vector<std::pair<std::string, std::string>> used_variables(Reading& reading) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& name : reading.used)
    out.emplace_back(name, reading.secret.contains(name) ? "***" : reading.variable(name).value_or(""));
  return out;
}

}  // namespace cbench::config
