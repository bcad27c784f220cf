// The journal's text and the identity of its owner.
#include "runtime/host/journal_format.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

using nlohmann::json;

constexpr const char* kKinds[] = {"write", "create", "rdt"};

// A path is bytes, JSON is UTF-8: each byte is written as the code point of its value, so that any bytes come
// back.
std::string to_utf8(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | (byte >> 6U));
      out += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return out;
}

std::string to_bytes(std::string_view utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if ((byte == 0xC2 || byte == 0xC3) && i + 1 < utf8.size()) {
      const auto low = static_cast<unsigned char>(utf8[++i]) & 0x3FU;
      out += static_cast<char>(((byte & 0x03U) << 6U) | low);
    } else {
      out += utf8[i];
    }
  }
  return out;
}

std::string text_of(const json& line, const char* key) {
  const auto at = line.find(key);
  return at != line.end() && at->is_string() ? to_bytes(at->get_ref<const std::string&>()) : "";
}

template <class T>
T number_of(const json& line, const char* key) {
  const auto at = line.find(key);
  return at != line.end() && at->is_number_integer() ? at->get<T>() : T{};
}

std::string boot_id() {
  std::string text;
  if (read_file("/proc/sys/kernel/random/boot_id", text) != 0) return "";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Field 22 of /proc/PID/stat (proc_pid_stat(5)); 0 when there is no such process.
uint64_t start_time(int64_t pid) {
  std::string text;
  if (read_file(fmt::format("/proc/{}/stat", pid), text) != 0) return 0;
  size_t at = text.rfind(')');  // the name in field 2 may hold blanks and parentheses
  if (at == std::string::npos) return 0;
  for (int field = 2; field < 22; ++field) {
    at = text.find(' ', at + 1);
    if (at == std::string::npos) return 0;
  }
  uint64_t ticks = 0;
  std::from_chars(text.data() + at + 1, text.data() + text.size(), ticks);
  return ticks;
}

}  // namespace

std::string to_line(const JournalOwner& owner) {
  return json{{"cbench_journal", 1},
              {"run", to_utf8(owner.run_id)},
              {"pid", owner.pid},
              {"start_time", owner.start_time},
              {"boot_id", owner.boot_id}}
             .dump() +
         "\n";
}

std::string to_line(const JournalEntry& entry) {
  json line{{"do", kKinds[static_cast<size_t>(entry.kind)]}, {"path", to_utf8(entry.path)}};
  if (entry.kind == JournalEntry::Kind::Write) line["text"] = to_utf8(entry.text);
  return line.dump() + "\n";
}

JournalText parse_journal(std::string_view text) {
  JournalText journal;
  for (size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    const json line = json::parse(text.substr(0, end), nullptr, false);
    if (!line.is_object()) continue;
    if (line.contains("cbench_journal")) {
      journal.owner = JournalOwner{text_of(line, "run"), number_of<int64_t>(line, "pid"),
                                   number_of<uint64_t>(line, "start_time"), text_of(line, "boot_id")};
      continue;
    }
    const std::string kind = text_of(line, "do");
    for (size_t i = 0; i < std::size(kKinds); ++i)
      if (kind == kKinds[i])
        journal.entries.push_back(
            {static_cast<JournalEntry::Kind>(i), text_of(line, "path"), text_of(line, "text")});
  }
  return journal;
}

std::string describe(const JournalEntry& entry) {
  switch (entry.kind) {
    case JournalEntry::Kind::Write: {
      std::string text = entry.text;
      while (!text.empty() && text.back() == '\n') text.pop_back();
      for (char& c : text)
        if (c == '\n') c = ' ';
      return fmt::format("restore {} to {}", entry.path, text.empty() ? "its empty content" : text);
    }
    case JournalEntry::Kind::Create:
      return fmt::format("remove {}", entry.path);
    case JournalEntry::Kind::Rdt:
      return fmt::format("release {}", entry.path);
  }
  return "";
}

JournalOwner this_process(const std::string& run_id) {
  const int64_t pid = ::getpid();
  return {run_id, pid, start_time(pid), boot_id()};
}

bool is_alive(const JournalOwner& owner) {
  return !is_from_earlier_boot(owner) && owner.pid > 0 && owner.start_time != 0 &&
         start_time(owner.pid) == owner.start_time;
}

bool is_from_earlier_boot(const JournalOwner& owner) { return owner.boot_id != boot_id(); }

}  // namespace cbench
