// link: compiler.config
// configure() on any bytes, and on files that random_config.h makes of them (the first byte says which): no
// crash, no hang, no leak; a spec or an error, never both; what is stored of a run, and what --expand prints,
// reads as the same run again, the latter without environment and imports; and no secret is in any of it.
#include "compiler/config/config.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "compiler/config/expanded.h"
#include "stdlib/abi/own_metric.h"
#include "tests/support/random_config.h"

namespace {

using namespace cbench;
using Variables = std::map<std::string, std::string>;

[[noreturn]] void fail(const char* what, const std::string& text, const std::string& other = "") {
  std::fprintf(stderr, "%s\n--- of\n%s\n--- and\n%s\n", what, text.c_str(), other.c_str());
  std::abort();
}

struct Outcome {
  std::optional<RunSpec> spec;
  std::string told;
};

Outcome read(const std::string& text, const Variables& variables, const std::vector<ImportedText>& imports) {
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("bench.yml", text);
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  Outcome out;
  out.spec =
      configure(sources, source, "/bench/bench.yml", environment, diagnostics, {}, import_recorded(imports));
  if (out.spec.has_value() == diagnostics.has_errors()) fail("a spec and an error, or neither", text);
  out.told = render(diagnostics, sources, true);
  if (out.told.empty() != diagnostics.all().empty()) fail("a diagnostic that nobody sees", text);
  out.told += render_json(diagnostics, sources);
  return out;
}

void check_secret(const char* where, const std::string& text, const std::string& input) {
  if (text.find(test::RandomConfig::kSecret) != std::string::npos) fail(where, input, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  forget_own_metrics();
  const bool made = size > 0 && data[0] >= 0x80;
  Variables variables{{"A", "1"}, {"B", "two words"}, {"INFLUXDB_HOST", "http://x"}};
  std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<ImportedText> imports{
      {"/bench/imp0.yml", "t: {image: x, data: {frequency: 100, docker: true}}\n"}};
  if (made) {
    test::Choices choices(data + 1, size - 1);
    test::RandomConfig config(choices);
    text = config.text;
    imports.clear();
    for (const auto& [name, file] : config.imports) imports.push_back({"/bench/" + name, file});
    variables = {{"A", "a: b"},
                 {"ONE", "1"},
                 {"TEN", "10"},
                 {"YES", "true"},
                 {"PW", std::string(test::RandomConfig::kSecret)}};
  }
  const Outcome first = read(text, variables, imports);
  if (made) check_secret("a secret is told", first.told, text);
  if (!first.spec) return 0;
  const RunSpec& spec = *first.spec;
  const std::string expanded = expanded_yaml(spec);

  const Outcome again = read(spec.masked_text, {spec.variables.begin(), spec.variables.end()}, spec.imports);
  if (!again.spec) fail("what is stored is no configuration", spec.masked_text, again.told);
  if (again.spec->masked_text != spec.masked_text)
    fail("what is stored changes", spec.masked_text, again.spec->masked_text);
  if (expanded_yaml(*again.spec) != expanded)
    fail("what is stored is another run", expanded, expanded_yaml(*again.spec));

  const Outcome alone = read(expanded, {}, {});
  if (!alone.spec) fail("the expanded text is no configuration", expanded, alone.told);
  if (expanded_yaml(*alone.spec) != expanded)
    fail("the expanded text is another run", expanded, expanded_yaml(*alone.spec));

  if (!made) return 0;
  check_secret("a secret is stored", spec.masked_text, text);
  check_secret("a secret is written out", expanded, text);
  for (const ImportedText& file : spec.imports)
    check_secret("a secret of an import is stored", file.text, text);
  for (const auto& [name, value] : spec.variables)
    check_secret("a secret is stored as a variable", value, text);
  return 0;
}
