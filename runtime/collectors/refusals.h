// What could not be opened, as lines for a person.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/result.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// "reason; remedy".
inline std::string reason_and_remedy(const Error& error) {
  return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

/// A line per reason: "perf.cycles, perf.instructions: reason; remedy". What is in `foreseen`
/// (HostFacts::unavailable) with the same reason has been told before the run and is left out.
inline std::vector<std::string> refusal_lines(const std::map<Metric, Error>& refused,
                                              const std::map<Metric, std::string>& foreseen) {
  std::vector<std::pair<std::string, std::string>> by_reason;  // (reason, names), in the order of the metrics
  for (const auto& [metric, error] : refused) {
    const std::string reason = reason_and_remedy(error);
    if (const auto known = foreseen.find(metric); known != foreseen.end() && known->second == reason)
      continue;
    const std::string name =
        fmt::format("{}.{}", kMetricGroups[static_cast<size_t>(info(metric).group)], info(metric).name);
    auto entry = by_reason.begin();
    while (entry != by_reason.end() && entry->first != reason) ++entry;
    if (entry == by_reason.end())
      by_reason.emplace_back(reason, name);
    else
      entry->second += ", " + name;
  }
  std::vector<std::string> lines;
  lines.reserve(by_reason.size());
  for (const auto& [reason, names] : by_reason) lines.push_back(fmt::format("{}: {}", names, reason));
  return lines;
}

}  // namespace cbench
