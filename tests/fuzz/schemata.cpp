// link: runtime.host
// Any bytes as a schemata file: refused with words, or read, printed and read again to the same.
#include <cstdlib>
#include <string_view>

#include "runtime/host/resctrl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbench;
  const auto schemata = parse_schemata({reinterpret_cast<const char*>(data), size});
  if (!schemata) {
    if (schemata.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = parse_schemata(to_text(*schemata));
  if (!again || *again != *schemata) std::abort();
  return 0;
}
