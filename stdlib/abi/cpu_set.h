// A set of CPU numbers and its list form ("0-3,8"), as in cpuset(7).
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cbench {

inline constexpr size_t kMaxCpus = 1024;
using CpuSet = std::bitset<kMaxCpus>;

/// "0-3,8" for {0,1,2,3,8}; "" for the empty set.
std::string to_list(const CpuSet& cpus);
/// Inverse of to_list. nullopt for anything but comma-separated numbers and ascending ranges below kMaxCpus;
/// blanks around numbers are allowed, "" is the empty set.
std::optional<CpuSet> parse_cpu_list(std::string_view text);

}  // namespace cbench
