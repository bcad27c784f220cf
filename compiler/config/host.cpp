// `benchmark.host` and `benchmark.observer`: what is known of the host, and how cbench runs beside the
// containers.
#include <fmt/format.h>

#include "compiler/config/scalar.h"
#include "compiler/config/sections.h"

namespace cbench::config {
namespace {

constexpr double kMostBandwidth = 1e14;  // bytes/s: more than any memory has

void read_peak(Reading& reading, const Field& peak, RunSpec& spec) {
  const auto quantity = parse_quantity(peak.text);
  const bool rate = quantity && info(quantity->second).byte == 1 && info(quantity->second).second == -1;
  const double bytes = rate ? canonical(quantity->first, quantity->second) : 0;
  if (bytes > 0 && bytes <= kMostBandwidth) {
    spec.peak_bandwidth = bytes;
    return;
  }
  reading.diagnostics
      .report(Kind::OutOfRange, peak.span, fmt::format("`{}` is no memory bandwidth", shown(peak.text)),
              "not one")
      .hint("bytes a second to one L3 domain, such as `80GB/s` or `75GiB/s`");
}

}  // namespace

void read_host(Reading& reading, const Fields& benchmark, RunSpec& spec) {
  if (const Field* host = benchmark.find("host")) {
    const Fields fields(reading, *host->node, host->key->members, "`host` of `benchmark`", host->key_span);
    if (const Field* peak = fields.find("peak_bandwidth")) read_peak(reading, *peak, spec);
  }
  if (const Field* observer = benchmark.find("observer")) {
    const Fields fields(reading, *observer->node, observer->key->members, "`observer` of `benchmark`",
                        observer->key_span);
    if (const Field* core = fields.find("core")) spec.observer.cores = {core->cpus, core->span};
    spec.observer.fifo = fields.integer("fifo").value_or(0);
    spec.observer.lock_memory = fields.truth("lock_memory", true);
  }
}

}  // namespace cbench::config
