#include "stdlib/abi/inputs.h"

namespace cbench {

std::vector<Metric> inputs_of(Metric metric) {
  std::vector<Metric> inputs;
  if (info(metric).kind != MetricKind::Derived) return inputs;
  std::string_view rest = info(metric).source;
  while (!rest.empty()) {
    const size_t blank = rest.find(' ');
    if (const auto input =
            find_metric(kMetricGroups[static_cast<size_t>(info(metric).group)], rest.substr(0, blank)))
      inputs.push_back(*input);
    rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  }
  return inputs;
}

MetricSet every_metric() {
  MetricSet every;
  for (size_t i = 0; i < kMetricCount; ++i) every.set(i);
  return every;
}

MetricSet with_inputs(const MetricSet& enabled) {
  MetricSet all = enabled;
  for (MetricSet before; before != all;) {  // an input may be derived itself
    before = all;
    for (size_t i = 0; i < kMetricCount; ++i)
      if (before[i])
        for (const Metric input : inputs_of(static_cast<Metric>(i))) all.set(static_cast<size_t>(input));
  }
  return all;
}

}  // namespace cbench
