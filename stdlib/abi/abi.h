// The contract between generated code and the program: one declaration of each struct that both sides are built
// from. Fixed-width integers and pointers only; offsets are asserted, because the code generator uses them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cbench::abi {

/// Changed whenever a struct below or intrinsics.def changes.
inline constexpr uint32_t kAbiVersion = 10;
/// Name of the one function that a policy compiles to.
inline constexpr const char* kEntryName = "cbp_entry";

using i32 = int32_t;
using i64 = int64_t;
using f64 = double;
using host = void*;
/// A sample in the ring of a window: when it was taken (a time in ns or a tick), and the value.
struct RingSample {
  i64 at;
  f64 value;
};
using ring = const RingSample*;
/// As the number of ways of a part of a layout: the rest. No number that a policy computes by mistake is near it.
inline constexpr i64 kRest = INT64_MIN;
/// An element of a set and the key that orders it.
struct SortEntry {
  uint64_t key;
  i64 element;
};
using entries = SortEntry*;
static_assert(sizeof(SortEntry) == 16 && offsetof(SortEntry, element) == 8);
static_assert(sizeof(RingSample) == 16 && offsetof(RingSample, value) == 8);

/// Pointer table of the functions that generated code may call.
struct Intrinsics {
#define CBENCH_INTRINSIC(name, result, params, doc) result(*name) params;
#include "stdlib/abi/intrinsics.def"
};

/// Place of an intrinsic in the table.
enum class Intrinsic : uint32_t {
#define CBENCH_INTRINSIC(name, result, params, doc) name,
#include "stdlib/abi/intrinsics.def"
  kCount
};
static_assert(sizeof(Intrinsics) == sizeof(void*) * static_cast<size_t>(Intrinsic::kCount));

/// What the entry function is called for.
enum class Event : i32 { Begin = 0, Admit = 1, Start = 2, Step = 3, Stop = 4, End = 5, Failed = 6 };

/// One call's view of the world. `values` and `status` are column-major, [column][slots + 1]; the last row of a
/// column holds host-scope metrics. An I64 column holds int64 bits, an F64 column holds double bits; a cell counts
/// only where its status has a value (vocabulary.h).
struct PolicyContext {
  uint32_t abi_version;      ///< kAbiVersion
  uint32_t slots;            ///< containers of the run
  int64_t step;              ///< number of the step, from 1; 0 before the first
  int64_t now_ns;            ///< since the run's begin, of the sample
  int64_t dt_ns;             ///< since the previous step; 0 in the first
  const uint64_t* values;    ///< [columns][slots + 1]
  const uint8_t* status;     ///< [columns][slots + 1], Status
  const uint8_t* running;    ///< [slots], 1 from start to stop
  uint8_t* state;            ///< Plan::state_bytes, zeroed before Begin, aligned to 16
  const uint64_t* params;    ///< [params], int64 or double bits in canonical units
  const Intrinsics* call;
  void* host;                ///< first argument of the intrinsics
  uint32_t fault_site;       ///< written before kFault is returned: index into Plan::faults
  uint32_t failed;           ///< of Failed: the Verb of what could not be carried out
};
static_assert(offsetof(PolicyContext, abi_version) == 0);
static_assert(offsetof(PolicyContext, slots) == 4);
static_assert(offsetof(PolicyContext, step) == 8);
static_assert(offsetof(PolicyContext, now_ns) == 16);
static_assert(offsetof(PolicyContext, dt_ns) == 24);
static_assert(offsetof(PolicyContext, values) == 32);
static_assert(offsetof(PolicyContext, status) == 40);
static_assert(offsetof(PolicyContext, running) == 48);
static_assert(offsetof(PolicyContext, state) == 56);
static_assert(offsetof(PolicyContext, params) == 64);
static_assert(offsetof(PolicyContext, call) == 72);
static_assert(offsetof(PolicyContext, host) == 80);
static_assert(offsetof(PolicyContext, fault_site) == 88);
static_assert(offsetof(PolicyContext, failed) == 92);
static_assert(sizeof(PolicyContext) == 96);

/// Results of the entry function. After a fault (overflow, a negative duration) its place is in `fault_site`; after Stopped
/// the policy has said why by the `stop` intrinsic. In both cases it is not called again.
inline constexpr i32 kGoOn = 0, kFault = 1, kStopped = 2;

/// The compiled policy. `slot` is the container of Admit, Start, Stop and (perhaps) Failed, otherwise -1.
using EntryFn = i32 (*)(PolicyContext*, i32 event, i32 slot);

}  // namespace cbench::abi
