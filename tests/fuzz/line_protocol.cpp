// link: runtime.exporters
// Arbitrary bytes as names, tags, texts and numbers → line protocol → the strict reader gives the same
// values.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/exporters/exporter.h"
#include "runtime/exporters/line_syntax.h"
#include "runtime/trace/utf8.h"
#include "tests/support/line_reader.h"

namespace {

using namespace cbench;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Takes values off the input; zeros when it is used up.
struct Input {
  const uint8_t* data;
  size_t size;

  uint64_t bits() {
    uint64_t out = 0;
    const size_t n = std::min(size, sizeof out);
    if (n > 0) std::memcpy(&out, data, n);
    data += n, size -= n;
    return out;
  }
  uint8_t byte() {
    if (size == 0) return 0;
    --size;
    return *data++;
  }
  std::string text() {
    const size_t n = std::min<size_t>(byte(), size);
    std::string out(reinterpret_cast<const char*>(data), n);
    data += n, size -= n;
    return out;
  }
};

/// What line protocol can hold of a tag (see append_tag).
std::string as_tag(const std::string& bytes) {
  std::string text = trace::to_utf8(bytes);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    if (c == '\\') c = '/';
  }
  return text;
}

void same_tag(const testing::Point& point, std::string_view key, const std::string& value) {
  const std::string* got = point.tag(key);
  require(value.empty() ? got == nullptr : got != nullptr && *got == as_tag(value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input{data, size};
  RunSpec spec;
  spec.containers.resize(1);
  spec.containers[0].name.value = input.text();
  spec.containers[0].image.value = input.text();
  TraceHeader header;
  header.run_id = input.text();
  header.start_wall_ns = static_cast<int64_t>(input.bits() >> 2);
  header.config_text = input.text();
  HostFacts facts;
  facts.hostname = input.text();
  LineProtocol protocol(spec, header, facts);

  Frame frame({Metric::perf_cycles, Metric::docker_cpu_usage_percent, Metric::rdt_class_name}, 1);
  frame.running[0] = 1;
  frame.step = 1;
  frame.wall_ns = static_cast<int64_t>(input.bits());
  const auto integer = static_cast<int64_t>(input.bits());
  const uint64_t bits = input.bits();
  double real = 0;
  std::memcpy(&real, &bits, sizeof real);
  const std::string label = input.text();
  frame.set_i64(0, 0, integer);
  frame.set_f64(1, 0, real);
  frame.set_text(2, 0, label);
  Decision decision;
  decision.time_ns = 5;
  decision.slot = 0;
  decision.detail = input.text();
  decision.why = input.text();

  std::string out;
  protocol.sample(frame, out);
  protocol.decision(decision, out);
  protocol.meta(TraceEnd{}, out);
  const auto points = testing::LineReader(out).read();
  require(points.has_value() && points->size() == 3);
  require(count_points(out) == 3);

  const testing::Point& sample = (*points)[0];
  same_tag(sample, "container_name", spec.containers[0].name.value);
  same_tag(sample, "container_image", spec.containers[0].image.value);
  for (const testing::Point& point : *points) {
    same_tag(point, "benchmark_id", header.run_id);
    same_tag(point, "host", facts.hostname);
  }
  require(sample.time_ns == frame.wall_ns);
  require(sample.value<int64_t>("perf_cycles") == integer);
  require(std::isfinite(real) ? sample.value<double>("docker_cpu_usage_percent") == real
                              : sample.field("docker_cpu_usage_percent") == nullptr);
  require(sample.value<std::string>("rdt_class_name") == trace::to_utf8(label));
  require((*points)[1].value<std::string>("detail").value_or("") == trace::to_utf8(decision.detail));
  require((*points)[1].value<std::string>("why").value_or("") == trace::to_utf8(decision.why));
  require((*points)[2].value<std::string>("config").value_or("") == trace::to_utf8(header.config_text));

  // The splitter must come to an end on any bytes, and its parts must make up the whole.
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  for (size_t at = 0; at < raw.size();) {
    const size_t end = point_end(raw, at);
    require(end > at && end <= raw.size());
    at = end;
  }
  return 0;
}
