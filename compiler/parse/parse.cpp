// The one place where the grammar is instantiated.
#include "compiler/parse/parse.h"

#include "compiler/parse/encoding.h"
#include "compiler/parse/reader.h"

namespace cbench {
namespace {

/// True: the whole text is a policy.
bool read(const SourceSet& sources, uint32_t source, Diagnostics& diagnostics, ast::Policy& policy,
          std::vector<parsing::Node>* tree) {
  const std::string_view text = sources.text(source);
  const size_t errors_before = diagnostics.error_count();
  if (!parsing::check_encoding(text, source, diagnostics)) return false;
  parsing::Reader reader(text, source, diagnostics, policy, tree);
  grammar::Input in(text.data(), text.data() + text.size());
  try {
    tao::pegtl::parse<grammar::file, tao::pegtl::nothing, parsing::Control>(in, reader);
  } catch (const parsing::Abandon&) {  // NOLINT(bugprone-empty-catch): it is reported already
  }
  return diagnostics.error_count() == errors_before;
}

void add_module(const SourceSet& sources, const ast::Name& name, Diagnostics& diagnostics,
                ast::Policy& policy) {
  const auto source = SourceSet::module(name.text);
  if (!source) return;  // the checker says so
  for (const ast::Policy& module : policy.modules)
    if (module.name.span.source == *source) return;
  ast::Policy module;
  if (!read(sources, *source, diagnostics, module, nullptr)) return;
  module.name.text = name.text.substr(name.text.find('.') + 1);  // it is called by what follows the dot
  policy.modules.push_back(std::move(module));
}

}  // namespace

std::optional<ast::Policy> parse(const SourceSet& sources, uint32_t source, Diagnostics& diagnostics) {
  ast::Policy policy;
  if (!read(sources, source, diagnostics, policy, nullptr)) return std::nullopt;
  for (const ast::Decl& decl : policy.decls)
    if (const auto* use = std::get_if<ast::Use>(&decl.node))
      for (const ast::Name& module : use->modules) add_module(sources, module, diagnostics, policy);
  return policy;
}

std::optional<std::vector<parsing::Node>> parse_tree(const SourceSet& sources, uint32_t source,
                                                     Diagnostics& diagnostics) {
  ast::Policy policy;
  std::vector<parsing::Node> tree;
  if (!read(sources, source, diagnostics, policy, &tree)) return std::nullopt;
  return tree;
}

}  // namespace cbench
