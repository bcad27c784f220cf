// link: runtime.engines
// Any bytes as each answer of a Docker daemon: they are read or refused. A stream of events gives the same
// however it is cut into pieces, and none twice.
#include "runtime/engines/docker_json.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "runtime/engines/docker_events.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbench;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)parse_version(text);
  (void)parse_image(text);
  (void)parse_live_restore(text);
  (void)parse_container(text);
  (void)parse_exec(text);
  (void)parse_id(text);
  (void)parse_wait(text);
  (void)parse_list(text, "org.cbench.run");
  (void)parse_pull_line(text);
  (void)error_message(text);

  EventLines whole, cut;
  const std::vector<DaemonEvent> events = whole.feed(text);
  size_t count = 0;
  const size_t piece = size == 0 ? 1 : 1 + data[0] % 7;
  for (size_t at = 0; at < size; at += piece)
    count += cut.feed(std::string_view(text).substr(at, piece)).size();
  if (count != events.size() || cut.since_ns() != whole.since_ns()) std::abort();
  for (const DaemonEvent& event : events)
    for (const char c : act_in_words(event))
      if (static_cast<unsigned char>(c) < 0x20) std::abort();
  return 0;
}
