// The one place where the grammar is instantiated.
#include "compiler/parse/parse.h"

#include "compiler/parse/encoding.h"
#include "compiler/parse/reader.h"

namespace cbench {

std::optional<ast::Policy> parse(const SourceSet& sources, uint32_t source, Diagnostics& diagnostics) {
  const std::string_view text = sources.text(source);
  const size_t errors_before = diagnostics.error_count();
  if (!parsing::check_encoding(text, source, diagnostics)) return std::nullopt;
  ast::Policy policy;
  parsing::Reader reader(text, source, diagnostics, policy);
  grammar::Input in(text.data(), text.data() + text.size());
  try {
    tao::pegtl::parse<grammar::file, tao::pegtl::nothing, parsing::Control>(in, reader);
  } catch (const parsing::Abandon&) {  // reported
  }
  if (diagnostics.error_count() > errors_before) return std::nullopt;
  return policy;
}

}  // namespace cbench
