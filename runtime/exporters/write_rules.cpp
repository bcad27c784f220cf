#include "runtime/exporters/write_rules.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "runtime/libcurl/libcurl.h"

namespace cbench {

Verdict verdict(const WriteAnswer& answer) {
  switch (answer.status) {
    case 204:
      return Verdict::Stored;
    case 400:
      return Verdict::Isolate;
    case 413:
      return Verdict::Halve;
    case 422:
      return Verdict::Refuse;
    case 0:
    case 408:
    case 429:
      return Verdict::Retry;
    default:
      return answer.status >= 500 ? Verdict::Retry : Verdict::Stop;
  }
}

std::optional<std::chrono::milliseconds> retry_after(std::string_view header,
                                                     std::chrono::system_clock::time_point now) {
  constexpr long long kLongest = 86'400;  // of any sense; the sender's own cap is far shorter
  if (header.empty()) return std::nullopt;
  if (std::all_of(header.begin(), header.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    long long seconds = kLongest;
    std::from_chars(header.data(), header.data() + header.size(), seconds);  // out of range keeps kLongest
    return std::chrono::seconds(std::min(seconds, kLongest));
  }
  if (!libcurl()) return std::nullopt;
  const time_t date = libcurl()->getdate(std::string(header).c_str(), nullptr);
  if (date == -1) return std::nullopt;
  const auto pause =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::system_clock::from_time_t(date) - now);
  return std::clamp<std::chrono::milliseconds>(pause, std::chrono::seconds(0),
                                               std::chrono::seconds(kLongest));
}

std::string server_words(const WriteAnswer& answer) {
  if (answer.status == 0) return answer.failure;
  std::string words;
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  for (const char* key : {"message", "error"})
    if (words.empty() && json.is_object() && json.contains(key) && json[key].is_string())
      words = json[key].get<std::string>();
  if (words.empty()) words = answer.body;
  words = words.substr(0, std::min<size_t>(words.find_first_of("\r\n"), 200));
  std::replace_if(words.begin(), words.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return words;
}

std::string stop_words(const WriteAnswer& answer, const InfluxTarget& target, std::string_view where) {
  const bool v1 = target.org && target.org->empty();
  std::string remedy;
  switch (answer.status) {
    case 401:
      remedy = v1 ? "set benchmark.data.db.user and password to an InfluxDB user"
                  : "set benchmark.data.db.password (or INFLUXDB_TOKEN) to a valid API token";
      break;
    case 403:
      remedy = v1 ? fmt::format("grant the user WRITE on database `{}`", target.bucket)
                  : fmt::format("use a token that may write to bucket `{}`", target.bucket);
      break;
    case 404:
      remedy = v1 ? fmt::format("create database `{}`, or correct benchmark.data.db.name", target.bucket)
                  : fmt::format(
                        "create bucket `{}` in organisation `{}`, or correct benchmark.data.db.name and org "
                        "(org: \"\" "
                        "for InfluxDB 1.x)",
                        target.bucket, target.org.value_or(""));
      break;
    default:
      remedy = "check benchmark.data.db.host: this is not how InfluxDB answers a write";
  }
  const std::string words = server_words(answer);
  return fmt::format("{} answered {}{}{}; {}", where, answer.status, words.empty() ? "" : ": ", words,
                     remedy);
}

}  // namespace cbench
