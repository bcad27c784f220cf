// link: compiler.format
// Any bytes are either a policy or give an error; the tree of a policy can be printed and its spans lie in
// the text, and formatting it keeps what it says. Seeds: tests/golden/parse and stdlib/policies.
#include "compiler/parse/parse.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "compiler/ast/dump.h"
#include "tests/support/formatting.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  if (seed % 4 != 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string text =
      cbench::test::with_other_layout(std::string(reinterpret_cast<const char*>(data), size), seed);
  if (text.empty() || text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbench;
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("fuzz.cbp", std::string(reinterpret_cast<const char*>(data), size));
  const auto policy = parse(sources, source, diagnostics);
  if (policy.has_value() == diagnostics.has_errors()) std::abort();
  for (const Diagnostic& d : diagnostics.all())
    for (const Label& label : d.labels)
      if (label.span.begin > label.span.end || label.span.end > size) std::abort();
  if (policy) {
    const std::string text(sources.text(source));
    if (const std::string wrong = test::wrong_with_format(text); !wrong.empty()) {
      std::fprintf(stderr, "%s\n--- of:\n%s\n", wrong.c_str(), text.c_str());
      std::abort();
    }
  }
  const std::string printed = policy ? dump(*policy, sources) : render(diagnostics, sources, false);
  return printed.empty() ? std::abort(), 0 : 0;
}
