// link: runtime.trace
// The trace's reader on any file. The first byte chooses: the rest is the file itself, or a list of edits
// (place, byte) of a good trace whose checksums were put out of use, so that what lies behind them is
// reached.
#include "runtime/trace/trace.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "stdlib/abi/own_metric.h"

namespace {

using namespace cbench;

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void record(TraceWriter& writer, const TraceHeader& header) {
  Frame frame(header.columns, header.container_names.size());
  for (int64_t step = 1; step <= 3; ++step) {
    frame.step = step;
    frame.running = {1, static_cast<uint8_t>(step % 2)};
    for (size_t row = 0; row < frame.slots(); ++row) {
      frame.set_i64(0, row, step);
      frame.set_f64(1, row, 0.5, Status::Multiplexed);
      frame.set_text(2, row, "class" + std::to_string(step));
    }
    writer.sample(frame);
    Decision d;
    d.step = step;
    d.rule = 0;
    d.verb = Verb::Move;
    d.slot = 1;
    d.cls = 0;
    d.why = "because";
    writer.decision(d, 5);
    writer.event({.kind = EventKind::Start, .slot = 0, .text = "0-3"});
    if (!writer.flush()) std::abort();
  }
}

// A small good trace of several batches, without working checksums.
std::string make_base() {
  TraceHeader header;
  header.columns = {Metric::perf_instructions, Metric::docker_cpu_usage_percent, Metric::rdt_class_name};
  header.container_names = {"a", "b"};
  header.plan.classes = {"shared"};
  header.plan.rules = {{"every 1s", 3, {}, ""}};
  std::string folder = (std::filesystem::temp_directory_path() / "cbench-fuzz-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) std::abort();
  {
    auto writer = TraceWriter::create(folder + "/base", header);
    if (!writer) std::abort();
    record(**writer, header);
  }
  std::string bytes = read_file(folder + "/base");
  std::filesystem::remove_all(folder);
  const std::string key = "cbench.crc32c";
  for (size_t at = bytes.find(key); at != std::string::npos; at = bytes.find(key, at))
    bytes[at + key.size() - 1] = 'x';
  return bytes;
}

std::string file_from(const uint8_t* data, size_t size) {
  static const std::string kBase = make_base();
  if (size == 0) return kBase;
  if (data[0] % 8 == 0) return {reinterpret_cast<const char*>(data + 1), size - 1};
  std::string bytes = kBase;
  for (size_t i = 1; i + 3 <= size; i += 3)
    bytes[(data[i] | data[i + 1] << 8) % bytes.size()] = static_cast<char>(data[i + 2]);
  if (data[0] % 8 == 1 && size > 3) bytes.resize((data[1] | data[2] << 8) % bytes.size());
  return bytes;
}

// Touches all that was read, so that a wild pointer is found.
size_t weigh(const Frame& frame) {
  size_t sum = 0;
  for (size_t c = 0; c < frame.columns().size(); ++c)
    for (size_t row = 0; row <= frame.slots(); ++row)
      if (frame.has(c, row))
        sum += info(frame.columns()[c]).type == MetricType::Str ? frame.text(c, row).size()
                                                                : static_cast<size_t>(frame.i64(c, row) & 1);
  return sum;
}

size_t weigh(const TraceItem& item, const TraceReader& reader) {
  if (std::holds_alternative<SampleMark>(item)) return weigh(reader.frame());
  if (const auto* decision = std::get_if<Decision>(&item))
    return describe(*decision, reader.header().plan).size();
  if (const auto* event = std::get_if<TraceEvent>(&item))
    return event->text.size() + kEventNames[static_cast<size_t>(event->kind)].size();
  return std::get<TraceEnd>(item).text.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cbench::forget_own_metrics();
  static const int kFd = ::memfd_create("trace", MFD_CLOEXEC);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFd);
  const std::string bytes = file_from(data, size);
  if (::ftruncate(kFd, 0) != 0 ||
      ::pwrite(kFd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    std::abort();
  auto reader = TraceReader::open(kPath);
  volatile size_t sum = 0;
  while (reader) {
    auto item = (*reader)->next();
    if (!item || !item->has_value()) break;
    sum = sum + weigh(**item, **reader);
  }
  return 0;
}
