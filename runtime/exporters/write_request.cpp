#include "runtime/exporters/write_request.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "runtime/libcurl/libcurl.h"

namespace cbench {
namespace {

constexpr size_t kMaxAnswer = 64 << 10;  // of a body that is kept; InfluxDB's messages are short

struct CurlUrl {
  CURLU* url = libcurl()->url();
  ~CurlUrl() { libcurl()->url_cleanup(url); }
  [[nodiscard]] std::string get(CURLUPart part) const {
    char* text = nullptr;
    if (libcurl()->url_get(url, part, &text, 0) != CURLUE_OK) return {};
    std::string out(text);
    libcurl()->free(text);
    return out;
  }
};

size_t keep_body(char* data, size_t size, size_t count, void* body) {
  auto& out = *static_cast<std::string*>(body);
  out.append(data, std::min(size * count, kMaxAnswer - std::min(kMaxAnswer, out.size())));
  return size * count;
}

int check_stop(void* stop_ns, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const int64_t now = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  return now >= static_cast<const std::atomic<int64_t>*>(stop_ns)->load() ? 1 : 0;
}

/// gzip at zlib's fastest level: the exporter shares the host with what is measured. False when memory is
/// short.
bool gzip(std::string_view text, std::string& out) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;  // zlib.h: 16 more asks for a gzip header
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return false;
  out.resize(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return done;
}

}  // namespace

struct WriteRequest::Curl {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::vector<std::string> secrets;

  ~Curl() {
    if (easy == nullptr) return;
    libcurl()->slist_free_all(headers);
    libcurl()->easy_cleanup(easy);
  }
  void header(const std::string& line) { headers = libcurl()->slist_append(headers, line.c_str()); }
  [[nodiscard]] std::string quoted(const std::string& text) const {
    char* out = libcurl()->easy_escape(easy, text.c_str(), static_cast<int>(text.size()));
    std::string result(out != nullptr ? out : "");
    libcurl()->free(out);
    return result;
  }
};

WriteRequest::WriteRequest(const InfluxTarget& target, const SendLimits& limits)
    : target_(target), curl_(std::make_unique<Curl>()) {
  if (!libcurl()) {
    problem_ = libcurl().error().message + "; " + libcurl().error().hint;
    return;
  }
  curl_->easy = libcurl()->easy_init();
  CurlUrl base;
  const std::string address =
      target.host.find("://") == std::string::npos ? "http://" + target.host : target.host;
  const bool parsed = curl_->easy != nullptr && base.url != nullptr &&
                      libcurl()->url_set(base.url, CURLUPART_URL, address.c_str(), 0) == CURLUE_OK;
  const std::string scheme = parsed ? base.get(CURLUPART_SCHEME) : "";
  if (target.host.empty() || !parsed || (scheme != "http" && scheme != "https")) {
    problem_ = "benchmark.data.db.host is not an address; write it as http://HOST:8086";
    return;
  }
  if (!target.org) {
    problem_ = "benchmark.data.db.org is not set; name the organisation, or write org: \"\" for InfluxDB 1.x";
    return;
  }
  if (target.bucket.empty()) {
    problem_ = "benchmark.data.db.name is not set; name the bucket (InfluxDB 1.x: the database)";
    return;
  }
  if (std::any_of(target.token.begin(), target.token.end(), [](unsigned char c) { return c < 0x20; })) {
    problem_ =
        "benchmark.data.db.password (or INFLUXDB_TOKEN) holds a line break or another control character";
    return;
  }
  curl_->secrets = {target.token, base.get(CURLUPART_PASSWORD)};
  std::string path = base.get(CURLUPART_PATH);
  while (path.ends_with('/')) path.pop_back();
  const std::string bucket = curl_->quoted(target.bucket);
  const bool v1 = target.org->empty();
  path += v1 ? "/write" : "/api/v2/write";
  const std::string query = v1 ? "db=" + bucket + "&precision=ns"
                               : "org=" + curl_->quoted(*target.org) + "&bucket=" + bucket + "&precision=ns";
  libcurl()->url_set(base.url, CURLUPART_FRAGMENT, nullptr, 0);
  libcurl()->url_set(base.url, CURLUPART_PATH, path.c_str(), 0);
  libcurl()->url_set(base.url, CURLUPART_QUERY, query.c_str(), 0);
  const std::string url = base.get(CURLUPART_URL);
  libcurl()->url_set(base.url, CURLUPART_USER, nullptr, 0);
  libcurl()->url_set(base.url, CURLUPART_PASSWORD, nullptr, 0);
  libcurl()->url_set(base.url, CURLUPART_PATH, nullptr, 0);
  libcurl()->url_set(base.url, CURLUPART_QUERY, nullptr, 0);
  where_ = "InfluxDB at " + base.get(CURLUPART_URL);
  while (where_.ends_with('/')) where_.pop_back();

  CURL* easy = curl_->easy;
  libcurl()->easy_setopt(easy, CURLOPT_URL, url.c_str());
  libcurl()->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  libcurl()->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  libcurl()->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_timeout.count()));
  libcurl()->easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.request_timeout.count()));
  libcurl()->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  libcurl()->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_stop);
  libcurl()->easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
  curl_->header("Content-Type: text/plain; charset=utf-8");
  curl_->header("Content-Encoding: gzip");
  curl_->header("Expect:");  // no round trip before a large body
  if (!v1) {
    curl_->header("Authorization: Token " + target.token);
  } else if (!target.user.empty()) {
    libcurl()->easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    libcurl()->easy_setopt(easy, CURLOPT_USERNAME, target.user.c_str());
    libcurl()->easy_setopt(easy, CURLOPT_PASSWORD, target.token.c_str());
  }
  libcurl()->easy_setopt(easy, CURLOPT_HTTPHEADER, curl_->headers);
}

WriteRequest::~WriteRequest() = default;

WriteAnswer WriteRequest::post(std::string_view lines, const std::atomic<int64_t>& stop_ns) {
  WriteAnswer answer;
  if (!gzip(lines, body_)) {
    answer.failure = "out of memory while compressing";
    return answer;
  }
  CURL* easy = curl_->easy;
  char reason[CURL_ERROR_SIZE] = "";
  libcurl()->easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
  libcurl()->easy_setopt(easy, CURLOPT_XFERINFODATA, &stop_ns);
  libcurl()->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  libcurl()->easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
  libcurl()->easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = libcurl()->easy_perform(easy);
  libcurl()->easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  long status = 0;
  libcurl()->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK) {
    answer.failure = mask(reason[0] != '\0' ? reason : libcurl()->easy_strerror(code));
    return answer;
  }
  answer.status = static_cast<int>(status);
  curl_header* header = nullptr;
  if (libcurl()->easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
    answer.retry_after = header->value;
  answer.body = mask(std::move(answer.body));
  return answer;
}

std::string WriteRequest::mask(std::string text) const {
  for (const std::string& secret : curl_->secrets)
    for (size_t at = 0; !secret.empty() && (at = text.find(secret, at)) != std::string::npos; at += 3)
      text.replace(at, secret.size(), "***");
  return text;
}

}  // namespace cbench
