// One libcurl transfer over a unix socket, as http.cpp and http_streams.cpp share it.
#pragma once

#include <string>
#include <string_view>

#include "runtime/engines/http.h"
#include "runtime/libcurl/libcurl.h"

namespace cbench {

/// Owns the easy handle, its headers and the answer. Does not move: libcurl keeps its address.
class HttpTransfer {
 public:
  HttpTransfer(const std::string& socket, HttpRequest request, OnBytes on_bytes);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  [[nodiscard]] CURL* easy() const { return easy_; }
  [[nodiscard]] const HttpRequest& request() const { return request_; }
  /// The answer's headers are complete.
  [[nodiscard]] bool answered() const { return answered_; }
  /// Status, and the body as far as it did not go to on_bytes.
  HttpResponse& response() { return response_; }
  /// What went wrong, in words: "GET /x: no answer within 10 s".
  [[nodiscard]] Error trouble(CURLcode code) const;

 private:
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_data(char* data, size_t size, size_t count, void* self);
  static int on_tick(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  HttpRequest request_;
  OnBytes on_bytes_;
  HttpResponse response_;
  bool answered_ = false, too_big_ = false;
  std::string ended_because_;  ///< by the request's why_end
  char words_[CURL_ERROR_SIZE] = {};
  curl_slist* headers_ = nullptr;
  CURL* easy_ = nullptr;
};

}  // namespace cbench
