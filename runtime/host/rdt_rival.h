// Finding another program that allocates cache or bandwidth behind resctrl's back.
#pragma once

#include <string>

namespace cbench {

/// A process that can write model-specific registers (an open /dev/cpu/N/msr, as pqos in MSR mode has), or
/// that holds libpqos' lock, in words: "pqos (process 123) has /dev/cpu/0/msr open for writing". Empty when
/// there is none, or when /proc does not show the descriptors of others. Takes some milliseconds.
std::string rdt_rival(const std::string& proc_root = "/proc");

}  // namespace cbench
