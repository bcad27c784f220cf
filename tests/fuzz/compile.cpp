// link: support.policies compiler.pipeline compiler.codegen
// Any text through the whole compiler, against a small run: no crash, no hang, no leak; what the checker
// accepts becomes code that verifies, and of some native code. Mutations know the grammar
// (tests/support/policy_mutator.h).
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "compiler/codegen/codegen.h"
#include "compiler/pipeline/pipeline.h"
#include "stdlib/abi/inputs.h"
#include "stdlib/abi/own_metric.h"
#include "tests/support/policy_mutator.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using namespace cbench;

RunSpec small_run() {
  RunSpec s;
  s.step_ns = 100'000'000;
  for (const char* name : {"a", "b"}) {
    ContainerSpec c;
    c.name.value = name;
    c.index = static_cast<int64_t>(s.containers.size());
    c.critical = c.index == 0;
    c.sampling.enabled = every_metric();
    c.sampling.perf_period_ns = c.sampling.docker_period_ns = c.sampling.rdt_period_ns = s.step_ns;
    s.containers.push_back(std::move(c));
  }
  return s;
}

HostFacts small_host() {
  HostFacts f;
  f.online.set(0).set(1);
  f.rdt.present = f.rdt.l3_allocation = f.rdt.mb_allocation = true;
  f.rdt.l3_domains = {0};
  f.rdt.l3_ways = 11;
  f.rdt.num_closids = 16;
  return f;
}

/// Copies what fits; what does not is left to the fuzzer's own mutator.
size_t give(const std::string& text, uint8_t* data, size_t size, size_t max_size) {
  if (text.empty() || text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  if (size == 0 || seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  return give(test::mutate_policy(text_of(data, size), seed), data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2,
                                            size_t size2, uint8_t* out, size_t max_size, unsigned int seed) {
  const std::string text = test::cross_policies(text_of(data1, size1), text_of(data2, size2), seed);
  if (text.size() > max_size) return 0;
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cbench::forget_own_metrics();
  static const RunSpec spec = small_run();
  static const HostFacts facts = small_host();
  static const std::vector<Metric> columns = [] {
    std::vector<Metric> all;
    for (size_t m = 0; m < kMetricCount; ++m) all.push_back(static_cast<Metric>(m));
    return all;
  }();
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("fuzz.cbp", std::string(text_of(data, size)));
  const CompileTarget target{&spec, &facts, columns, {}, false};
  (void)tests_of(sources, source, diagnostics);
  const bool planned = report_policy(sources, source, target, diagnostics).has_value();
  // Native code takes fifty times as long as what comes before it.
  Diagnostics again;
  if (planned && size % 16 == 0)
    (void)compile_policy(sources, source, target, generate, again);
  else if (planned)
    (void)dump_policy(sources, source, target, "ir", generate, again);
  if (render(diagnostics, sources, false).empty() && !planned) std::abort();
  if (again.has_errors()) {
    std::fputs(render(again, sources, false).c_str(), stderr);
    std::abort();
  }
  return 0;
}
