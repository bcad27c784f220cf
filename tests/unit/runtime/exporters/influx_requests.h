// What the tests of the sender send, and what their servers answer.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/exporters/exporter.h"
#include "tests/support/contract_server.h"

namespace cbench::testing {

inline constexpr const char* kToken = "s3cret-t0ken";

inline InfluxTarget target(const ContractServer& server) {
  InfluxTarget out;
  out.host = server.address();
  out.bucket = "my bucket";
  out.org = "lab&co";
  out.token = kToken;
  return out;
}

/// Limits under which a whole schedule of failures takes milliseconds.
inline SendLimits quick() {
  SendLimits out;
  out.first_pause = std::chrono::milliseconds(1);
  out.longest_pause = std::chrono::milliseconds(8);
  out.give_up_after = std::chrono::milliseconds(400);
  out.request_timeout = std::chrono::milliseconds(150);
  return out;
}

inline std::string lines(size_t from, size_t count, const std::string& field = "v=1i") {
  std::string out;
  for (size_t i = from; i < from + count; ++i) out += "m,t=a " + field + " " + std::to_string(i) + "\n";
  return out;
}

inline size_t count(const std::string& body) {
  return static_cast<size_t>(std::count(body.begin(), body.end(), '\n'));
}

/// Answers with the replies of the list one after another, then 204.
inline ContractServer::Script in_order(std::vector<HttpReply> replies) {
  return [replies = std::move(replies), next = std::make_shared<size_t>(0)](const HttpRequest&) {
    return *next < replies.size() ? replies[(*next)++] : HttpReply{};
  };
}

inline HttpReply answer(int status, std::string body = "",
                        std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {status, std::move(headers), std::move(body), 0, false};
}

}  // namespace cbench::testing
