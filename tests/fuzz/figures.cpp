// link: runtime.collectors
// Any bytes as each of the cgroup files: a figure has a value that is not negative, or none.
#include <cstdlib>
#include <string_view>

#include "runtime/collectors/cgroup_figures.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbench;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& table : {figures_of_v1(), figures_of_v2(), figures_of_network()})
    for (const FigureSource& source : table) {
      Figures figures{};
      figures.status.fill(Status::Error);
      parse_figures(source.format, text, {&source, 1}, figures);
      if (figures.status[source.figure] == Status::Ok && figures.value[source.figure] < 0) std::abort();
    }
  return 0;
}
