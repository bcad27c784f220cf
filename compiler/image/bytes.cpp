#include "compiler/image/bytes.h"

namespace cbench {

std::string sealed(std::string bytes) {
  const uint64_t hash = hash64(bytes);
  bytes.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  return bytes;
}

std::optional<std::string_view> unsealed(std::string_view bytes) {
  uint64_t hash = 0;
  if (bytes.size() < sizeof hash) return std::nullopt;
  const std::string_view text = bytes.substr(0, bytes.size() - sizeof hash);
  std::memcpy(&hash, bytes.data() + text.size(), sizeof hash);
  return hash == hash64(text) ? std::optional(text) : std::nullopt;
}

}  // namespace cbench
