// link: twins
// What a step of a policy costs, beside its twins in C++ and Lua: the native code and what it calls, without
// the bookkeeping of the runtime that all of them share.
#include <bit>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "stdlib/intrinsics/shadow.h"
#include "tests/bench/twins/stage.h"
#include "tests/bench/twins/twin.h"

namespace cbench::twins {
namespace {

constexpr size_t kFrames = 256;
constexpr uint64_t kSeed = 7;

/// The frames one after the other, again and again.
class Film {
 public:
  Film(const Stage& stage, const Plan& plan, abi::EntryFn entry)
      : stage_(stage),
        entry_(entry),
        shadow_(plan, stage.facts),
        state_((plan.state_bytes + sizeof(Cell) - 1) / sizeof(Cell)),
        running_(plan.slots, 0),
        frames_(stage.frames(kFrames, kSeed)) {
    for (const PlanParam& p : plan.params)
      params_.push_back(p.is_integer ? std::bit_cast<uint64_t>(static_cast<int64_t>(p.value))
                                     : std::bit_cast<uint64_t>(p.value));
    context_.abi_version = abi::kAbiVersion;
    context_.slots = plan.slots;
    context_.running = running_.data();
    context_.state = state_.data()->bytes;
    context_.params = params_.data();
    context_.call = &Shadow::table();
    context_.host = &shadow_;
    show();
    call(abi::Event::Begin, -1);
    CpuSet cpus;
    cpus.set(0);
    for (int32_t slot = 0; slot < static_cast<int32_t>(plan.slots); ++slot) {
      shadow_.set_placement(slot, cpus, HUGE_VAL);
      shadow_.set_running(slot, true);
      running_[static_cast<size_t>(slot)] = 1;
      call(abi::Event::Start, slot);
    }
  }

  void step() {
    ++context_.step;
    context_.now_ns += stage_.spec.step_ns;
    context_.dt_ns = stage_.spec.step_ns;
    show();
    call(abi::Event::Step, -1);
  }
  /// What the last step decided.
  size_t decided() {
    shadow_.end_call(false);
    return shadow_.decisions().size();
  }

 private:
  struct alignas(16) Cell {
    uint8_t bytes[16] = {};
  };

  void show() {
    const Frame& frame = frames_[static_cast<size_t>(context_.step) % kFrames];
    context_.values = frame.values();
    context_.status = frame.statuses();
  }
  void call(abi::Event event, int32_t slot) {
    shadow_.begin_call(context_.step, context_.now_ns);
    benchmark::DoNotOptimize(entry_(&context_, static_cast<abi::i32>(event), slot));
  }

  const Stage& stage_;
  abi::EntryFn entry_;
  Shadow shadow_;
  std::vector<Cell> state_;
  std::vector<uint8_t> running_;
  std::vector<uint64_t> params_;
  std::vector<Frame> frames_;
  abi::PolicyContext context_{};
};

void one_step(benchmark::State& state, const std::string& policy, const std::string& language) {
  const Stage stage(policy, static_cast<size_t>(state.range(0)));
  std::unique_ptr<LuaTwin> lua;
  Plan plan = stage.compiled.plan;
  abi::EntryFn entry = stage.compiled.entry;
  if (language != "cbp") {
    if (language == "lua") lua = std::make_unique<LuaTwin>(policy);
    const Twin twin = lua ? lua->twin() : cpp_twin(policy);
    plan = plan_of(stage.compiled.plan, twin);
    entry = twin.entry;
  }
  Film film(stage, plan, entry);
  // Until the rings are full, the first actions are taken and LuaJIT has compiled what is hot; then count the
  // actions of one more round.
  for (size_t i = 0; i < 16 * kFrames; ++i) film.step();
  size_t decided = 0;
  for (size_t i = 0; i < kFrames; ++i) {
    film.step();
    decided += film.decided();
  }
  for (auto _ : state) film.step();
  state.counters["decisions"] = static_cast<double>(decided) / kFrames;
}

[[maybe_unused]] const bool registered = [] {
  for (const char* policy : {"cache_aware", "bandwidth_aware", "parties"})
    for (const int n : {4, 64, 256})
      for (const char* language : {"cbp", "cpp", "lua"}) {
        const std::string name = std::string("one_step/") + policy + "/" + language;
        benchmark::RegisterBenchmark(name.c_str(), one_step, policy, language)->Arg(n);
      }
  return true;
}();

}  // namespace
}  // namespace cbench::twins
