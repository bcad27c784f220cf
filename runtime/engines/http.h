// HTTP/1.1 over a unix socket, by libcurl: single exchanges, and streams that one thread pumps.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"

namespace cbench {

struct HttpRequest {
  std::string method = "GET";
  std::string target;  ///< path and query, percent-encoded
  std::string body;    ///< sent as application/json; empty: none
  std::vector<std::string> headers;
  /// For the whole exchange; of a stream: until its headers have come. 0: none.
  std::chrono::milliseconds timeout{10'000};
  /// Asked about once a second while the exchange goes on: what it says, if anything, ends it. May be empty.
  std::function<std::string()> why_end{};
};

struct HttpResponse {
  long status = 0;
  std::string body;
  [[nodiscard]] bool good() const { return status >= 200 && status < 300; }
};

/// Gets the bytes of a good answer as they come; false ends the transfer.
using OnBytes = std::function<bool(std::string_view)>;

/// One exchange, from any thread. With `on_bytes`, a good answer's bytes go there and not into the body.
/// Errors (RunFailed): no connection, no answer in time, an answer that is not HTTP, a body over 64 MB; no
/// libcurl (HostLacks).
Result<HttpResponse> http_exchange(const std::string& socket, const HttpRequest& request,
                                   const OnBytes& on_bytes = {});

/// Percent-encodes what is not unreserved (RFC 3986) and not in `keep`.
std::string url_encode(std::string_view text, std::string_view keep = "");

/// Long-lived answers (attached output, a wait for an exit): any number of them on one thread.
class HttpStreams {
 public:
  /// Why the stream ended; empty when the peer closed it in order.
  using OnEnd = std::function<void(const std::string& trouble)>;

  explicit HttpStreams(std::string socket);
  /// Drops all streams; their on_end is not called.
  ~HttpStreams();
  HttpStreams(const HttpStreams&) = delete;
  HttpStreams& operator=(const HttpStreams&) = delete;

  /// Sends the request and returns when the headers of the answer are here. A good answer is then a stream:
  /// `on_bytes` and at last `on_end` (exactly once) are called on the pump's thread. An answer that is not
  /// good comes back whole and is no stream.
  Result<HttpResponse> open(HttpRequest request, OnBytes on_bytes, OnEnd on_end);
  /// As open(), but does not wait; the future holds what open() would have returned.
  std::future<Result<HttpResponse>> send(HttpRequest request, OnBytes on_bytes, OnEnd on_end);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbench
