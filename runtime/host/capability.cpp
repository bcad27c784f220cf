#include "runtime/host/capability.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/host/files.h"

namespace cbench {

bool has_capability(Capability capability) {
  const std::string status = read_text("/proc/self/status").value_or("");
  constexpr const char* kKey = "CapEff:";
  const size_t at = status.find(kKey);
  if (at == std::string::npos) return false;
  const uint64_t effective =
      std::strtoull(status.c_str() + at + std::char_traits<char>::length(kKey), nullptr, 16);
  return ((effective >> static_cast<unsigned>(capability)) & 1) != 0;
}

}  // namespace cbench
