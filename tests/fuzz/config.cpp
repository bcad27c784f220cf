// link: compiler.config
// configure() on any bytes: no crash, no hang, no leak; and what it accepts, it accepts again from the masked
// text.
#include "compiler/config/config.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "stdlib/abi/own_metric.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cbench::forget_own_metrics();
  using namespace cbench;
  const auto read = [](const std::string& text, const std::map<std::string, std::string>& variables,
                       std::optional<RunSpec>& spec) {
    SourceSet sources;
    Diagnostics diagnostics;
    const uint32_t source = sources.add("bench.yml", text);
    const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    spec = configure(sources, source, "/bench/bench.yml", environment, diagnostics);
    if (spec.has_value() == diagnostics.has_errors()) std::abort();
    if (render(diagnostics, sources, true).empty() != diagnostics.all().empty()) std::abort();
    return render_json(diagnostics, sources).size();
  };
  std::optional<RunSpec> spec;
  read(std::string(reinterpret_cast<const char*>(data), size),
       {{"A", "1"}, {"B", "two words"}, {"INFLUXDB_HOST", "http://x"}}, spec);
  if (!spec) return 0;
  std::optional<RunSpec> again;
  read(spec->masked_text, {spec->variables.begin(), spec->variables.end()}, again);
  if (!again || again->containers.size() != spec->containers.size() || again->step_ns != spec->step_ns)
    std::abort();
  return 0;
}
