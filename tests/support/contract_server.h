// Contract server: an HTTP server on loopback inside the test that answers as a script says. It stands for
// InfluxDB only in what the write contract says; real servers are in tests/host/influx.
#pragma once

#include <atomic>
#include <charconv>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

namespace cbench::testing {

struct HttpRequest {
  std::string method, target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< decompressed
};

struct HttpReply {
  int status = 204;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int delay_ms = 0;
  bool reset = false;  ///< instead of an answer, a TCP reset
};

class ContractServer {
 public:
  using Script = std::function<HttpReply(const HttpRequest&)>;

  explicit ContractServer(Script script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 16) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ContractServer() {
    stopping_ = true;
    thread_.join();
    close(listener_);
  }
  ContractServer(const ContractServer&) = delete;
  ContractServer& operator=(const ContractServer&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  bool readable(int fd) {
    while (!stopping_) {
      pollfd wait{fd, POLLIN, 0};
      if (poll(&wait, 1, 5) > 0) return true;
    }
    return false;
  }

  void serve() {
    while (readable(listener_)) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      std::string input;
      while (exchange(client, input)) {
      }
      close(client);
    }
  }

  bool more(int client, std::string& input) {
    char buffer[16384];
    if (!readable(client)) return false;
    const ssize_t got = recv(client, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    input.append(buffer, static_cast<size_t>(got));
    return true;
  }

  /// One request and its reply; false when the connection is to be closed.
  bool exchange(int client, std::string& input) {
    size_t head = 0;
    while ((head = input.find("\r\n\r\n")) == std::string::npos)
      if (!more(client, input)) return false;
    HttpRequest request = parse_head(input.substr(0, head + 2));
    size_t length = 0;
    const std::string& announced = request.headers["content-length"];
    std::from_chars(announced.data(), announced.data() + announced.size(), length);
    while (input.size() < head + 4 + length)
      if (!more(client, input)) return false;
    request.body = input.substr(head + 4, length);
    input.erase(0, head + 4 + length);
    if (request.headers["content-encoding"] == "gzip") request.body = gunzip(request.body);
    const HttpReply reply = script_(request);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    for (int waited = 0; waited < reply.delay_ms && !stopping_; waited += 5) usleep(5000);
    if (reply.reset) {
      const linger now{1, 0};  // close with RST
      setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      return false;
    }
    std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " x\r\n";
    for (const auto& [name, value] : reply.headers) out += name + ": " + value + "\r\n";
    if (reply.status != 204) out += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    out += "\r\n" + (reply.status != 204 ? reply.body : "");
    return send(client, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
  }

  static HttpRequest parse_head(const std::string& head) {
    HttpRequest request;
    const size_t first = head.find(' '), second = head.find(' ', first + 1);
    request.method = head.substr(0, first);
    request.target = head.substr(first + 1, second - first - 1);
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
      const size_t colon = head.find(':', at), end = head.find("\r\n", at);
      std::string name = head.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(tolower(c));
      const size_t value = head.find_first_not_of(' ', colon + 1);
      request.headers[name] = head.substr(value, end - value);
      at = end + 2;
    }
    return request;
  }

  static std::string gunzip(const std::string& data) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return {};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    std::string out;
    char buffer[65536];
    int code = Z_OK;
    while (code == Z_OK) {
      stream.next_out = reinterpret_cast<Bytef*>(buffer);
      stream.avail_out = sizeof buffer;
      code = inflate(&stream, Z_NO_FLUSH);
      out.append(buffer, sizeof buffer - stream.avail_out);
    }
    inflateEnd(&stream);
    return code == Z_STREAM_END ? out : "not gzip";
  }

  Script script_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::thread thread_;
};

}  // namespace cbench::testing
