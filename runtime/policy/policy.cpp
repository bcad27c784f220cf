#include "runtime/policy/policy.h"

#include <bit>

#include <fmt/format.h>

#include "stdlib/intrinsics/shadow.h"

namespace cbench {

struct PolicyInstance::Impl {
  Impl(const Plan& p, abi::EntryFn e, const HostFacts& facts)
      : plan(p), entry(e), shadow(p, facts), state((p.state_bytes + 15) / 16), running(p.slots, 0) {
    for (const PlanParam& param : p.params)
      params.push_back(param.is_integer ? std::bit_cast<uint64_t>(static_cast<int64_t>(param.value))
                                        : std::bit_cast<uint64_t>(param.value));
  }

  struct alignas(16) Cell {
    uint8_t bytes[16] = {};
  };
  const Plan& plan;
  abi::EntryFn entry;
  Shadow shadow;
  std::vector<Cell> state;
  std::vector<uint64_t> params;
  std::vector<uint8_t> running;
  std::string message;
};

PolicyInstance::PolicyInstance(const Plan& plan, abi::EntryFn entry, const HostFacts& facts)
    : impl_(std::make_unique<Impl>(plan, entry, facts)) {}
PolicyInstance::~PolicyInstance() = default;

// Generated code has no type signature before its entry, which -fsanitize=function would read.
__attribute__((no_sanitize("function"))) PolicyInstance::Verdict PolicyInstance::call(abi::Event event,
                                                                                      const Frame& frame,
                                                                                      int32_t slot) {
  Impl& i = *impl_;
  abi::PolicyContext context{};
  context.abi_version = abi::kAbiVersion;
  context.slots = i.plan.slots;
  context.step = frame.step;
  context.now_ns = frame.now_ns;
  context.dt_ns = frame.dt_ns;
  context.values = frame.values();
  context.status = frame.statuses();
  context.running = i.running.data();
  context.state = i.state.empty() ? nullptr : i.state.front().bytes;
  context.params = i.params.data();
  context.call = &Shadow::table();
  context.host = &i.shadow;
  i.shadow.begin_call(frame.step, frame.now_ns);
  abi::i32 result = abi::kGoOn;
  if (event == abi::Event::Step) {
    const std::vector<Shadow::Failure> failures = i.shadow.take_failures();
    for (const Shadow::Failure& failure : failures) {
      if (result != abi::kGoOn) break;
      i.shadow.tell(&failure);
      context.failed = static_cast<uint32_t>(failure.verb);
      result = i.entry(&context, static_cast<abi::i32>(abi::Event::Failed), failure.slot);
    }
    i.shadow.tell(nullptr);
  }
  if (result == abi::kGoOn) result = i.entry(&context, static_cast<abi::i32>(event), slot);
  i.shadow.end_call(result == abi::kFault);
  if (result == abi::kFault) {
    const PlanFault& fault = i.plan.faults[context.fault_site];
    i.message = fmt::format("{} at line {} of policy `{}`", fault.what, fault.line, i.plan.policy);
    return Verdict::Fault;
  }
  i.message = i.shadow.stop_reason();
  return result == abi::kStopped ? Verdict::Stop : Verdict::Go;
}

const std::vector<Decision>& PolicyInstance::decisions() const { return impl_->shadow.decisions(); }
const std::vector<Change>& PolicyInstance::changes() const { return impl_->shadow.changes(); }
const Allocation& PolicyInstance::goal() const { return impl_->shadow.goal(); }
const Allocation& PolicyInstance::real() const { return impl_->shadow.real(); }
const std::string& PolicyInstance::message() const { return impl_->message; }
bool PolicyInstance::rejected() const { return impl_->shadow.rejected(); }

void PolicyInstance::set_placement(int32_t slot, const CpuSet& cpus, double quota) {
  impl_->shadow.set_placement(slot, cpus, quota);
}

void PolicyInstance::set_running(int32_t slot, bool running) {
  impl_->running[static_cast<size_t>(slot)] = running ? 1 : 0;
  impl_->shadow.set_running(slot, running);
}

void PolicyInstance::applied(const Change& change) { impl_->shadow.applied(change); }
void PolicyInstance::failed(const Change& change, const std::string& reason) {
  impl_->shadow.failed(change, reason);
}

}  // namespace cbench
