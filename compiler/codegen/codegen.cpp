#include "compiler/codegen/codegen.h"

#include <algorithm>

#include "compiler/check/check.h"
#include "compiler/jit/jit.h"
#include "compiler/lower/lower.h"
#include "compiler/parse/parse.h"

namespace cbench {
namespace {

/// Has everything in the program its place? Lowering takes that for granted.
bool fits(const check::Program& program, const plan::CodeLayout& layout) {
  const auto all_slots = [&](const plan::StreamPlace& place) { return place.hold_ns.size() == place.n; };
  return layout.streams.size() == program.streams.size() &&
         layout.temporals.size() == program.temporals.size() &&
         layout.states.size() == program.states.size() && layout.rules.size() == program.rules.size() &&
         layout.trials.size() == program.trials &&
         std::all_of(layout.streams.begin(), layout.streams.end(), all_slots);
}

}  // namespace

CodeAnswer generate(const std::string& bytes) {
  const Result<CodeRequest> request = code_request(bytes);
  if (!request) return request.error();
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t policy = sources.add("policy", request->policy);
  const auto tree = parse(sources, policy, diagnostics);
  const auto program = tree ? check::check(*tree, sources, diagnostics) : std::nullopt;
  if (!program || !fits(*program, request->layout))
    return Error{Exit::RunFailed, "the code generator understands the policy in another way than cbench",
                 "install both from one build"};
  lower::Lowered lowered = lower::lower(*program, request->layout, sources);
  if (request->product == Product::Ir) return lower::to_text(*lowered.module);
  if (request->product == Product::Assembly) return jit::assembly(std::move(lowered));
  const Result<CodeImage> image = jit::image(std::move(lowered));
  if (!image) return image.error();
  return to_bytes(*image);
}

}  // namespace cbench
