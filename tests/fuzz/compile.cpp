// link: compiler.pipeline compiler.codegen
// Any text through the whole compiler, against a small run: no crash, no hang; what is accepted becomes code
// that verifies.
#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/codegen/codegen.h"
#include "compiler/pipeline/pipeline.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbench;
  static const RunSpec spec = [] {
    RunSpec s;
    s.step_ns = 100'000'000;
    for (const char* name : {"a", "b"}) {
      ContainerSpec c;
      c.name.value = name;
      c.sampling.enabled.set();
      c.sampling.perf_period_ns = c.sampling.docker_period_ns = c.sampling.rdt_period_ns = s.step_ns;
      s.containers.push_back(std::move(c));
    }
    return s;
  }();
  static const HostFacts facts = [] {
    HostFacts f;
    f.online.set(0).set(1);
    return f;
  }();
  static const std::vector<Metric> columns = [] {
    std::vector<Metric> all;
    for (size_t m = 0; m < kMetricCount; ++m) all.push_back(static_cast<Metric>(m));
    return all;
  }();
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("fuzz.cbp", std::string(reinterpret_cast<const char*>(data), size));
  CompileTarget target;
  target.spec = &spec;
  target.facts = &facts;
  target.columns = columns;
  (void)dump_policy(sources, source, target, "ir", generate, diagnostics);
  (void)render(diagnostics, sources, false);
  return 0;
}
