// Text for manual pages: roff with the macros of man(7).
#pragma once

#include <string>
#include <string_view>

namespace cbench::roff {

/// A paragraph's text: `code` becomes bold, a link its words.
std::string text(std::string_view markdown);
/// What is typed: in bold, with minus signs that can be copied.
std::string bold(std::string_view code);
/// Lines as they are.
std::string example(std::string_view lines);
/// A term and what is said of it, both roff.
std::string entry(std::string_view term, std::string_view said);

/// What stands in a page of docs below the heading `## title`, up to the next: paragraphs, and tables of two
/// columns as terms. Empty when there is none.
std::string section(std::string_view page, std::string_view title);

}  // namespace cbench::roff
