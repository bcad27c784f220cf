// A libcurl transfer with our limits, and the single exchange.
#include "runtime/engines/http.h"

#include <utility>

#include <fmt/format.h>

#include "runtime/engines/http_transfer.h"

namespace cbench {
namespace {

constexpr size_t kMaxBody = 64 << 20;

}  // namespace

HttpTransfer::HttpTransfer(const std::string& socket, HttpRequest request, OnBytes on_bytes)
    : request_(std::move(request)), on_bytes_(std::move(on_bytes)) {
  easy_ = libcurl()->easy_init();
  if (easy_ == nullptr) return;
  const auto set = [this](CURLoption option, auto value) { libcurl()->easy_setopt(easy_, option, value); };
  set(CURLOPT_URL, ("http://docker" + request_.target).c_str());
  set(CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  set(CURLOPT_PROXY, "");  // an http_proxy of the environment is not meant for a local socket
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method == "POST") {
    set(CURLOPT_POSTFIELDS, request_.body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  headers_ = libcurl()->slist_append(headers_, "Expect:");
  headers_ = libcurl()->slist_append(
      headers_, request_.body.empty() ? "Content-Type:" : "Content-Type: application/json");
  for (const std::string& header : request_.headers)
    headers_ = libcurl()->slist_append(headers_, header.c_str());
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &HttpTransfer::on_data);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_ERRORBUFFER, &words_[0]);
  if (request_.why_end) {
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &HttpTransfer::on_tick);
    set(CURLOPT_XFERINFODATA, this);
  }
}

HttpTransfer::~HttpTransfer() {
  if (easy_ == nullptr) return;
  libcurl()->easy_cleanup(easy_);
  libcurl()->slist_free_all(headers_);
}

size_t HttpTransfer::on_header(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (std::string_view(data, size * count) == "\r\n") {
    libcurl()->easy_getinfo(transfer.easy_, CURLINFO_RESPONSE_CODE, &transfer.response_.status);
    transfer.answered_ = transfer.response_.status >= 200;  // a 100 is followed by the real one
  }
  return size * count;
}

size_t HttpTransfer::on_data(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::string_view bytes(data, size * count);
  if (transfer.response_.good() && transfer.on_bytes_) return transfer.on_bytes_(bytes) ? bytes.size() : 0;
  transfer.too_big_ = transfer.response_.body.size() + bytes.size() > kMaxBody;
  if (transfer.too_big_) return 0;
  transfer.response_.body += bytes;
  return bytes.size();
}

int HttpTransfer::on_tick(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  transfer.ended_because_ = transfer.request_.why_end();
  return transfer.ended_because_.empty() ? 0 : 1;
}

Error HttpTransfer::trouble(CURLcode code) const {
  std::string words = words_[0] != '\0' ? &words_[0] : libcurl()->easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) {
    words = fmt::format("{} within {:g} s", answered_ ? "the answer did not end" : "no answer",
                        static_cast<double>(request_.timeout.count()) / 1000);
  } else if (code == CURLE_COULDNT_CONNECT) {
    words = "nobody listens there";  // libcurl would name a port
  } else if (code == CURLE_ABORTED_BY_CALLBACK) {
    words = ended_because_;
  } else if (too_big_) {
    words = "the answer is over 64 MB";
  }
  const std::string path = request_.target.substr(0, request_.target.find('?'));
  return Error{Exit::RunFailed, fmt::format("{} {}: {}", request_.method, path, words), ""};
}

Result<HttpResponse> http_exchange(const std::string& socket, const HttpRequest& request,
                                   const OnBytes& on_bytes) {
  if (!libcurl()) return libcurl().error();
  HttpTransfer transfer(socket, request, on_bytes);
  if (transfer.easy() == nullptr) return transfer.trouble(CURLE_OUT_OF_MEMORY);
  libcurl()->easy_setopt(transfer.easy(), CURLOPT_TIMEOUT_MS, long{request.timeout.count()});
  const CURLcode code = libcurl()->easy_perform(transfer.easy());
  if (code != CURLE_OK) return transfer.trouble(code);
  return std::move(transfer.response());
}

std::string url_encode(std::string_view text, std::string_view keep) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || keep.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace cbench
