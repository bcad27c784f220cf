// FAKE: a unix-socket HTTP server that plays a Docker daemon in unit tests, also one that misbehaves. It runs
// no container.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace cbench::testing {

class FakeDocker {
 public:
  /// Gets the request's first line, its whole text, and the connection to write to. False: keep the
  /// connection open and silent.
  using Answer = std::function<bool(const std::string& line, const std::string& request, int connection)>;

  explicit FakeDocker(Answer answer) : answer_(std::move(answer)) {
    char name[] = "/tmp/cbench-fake-XXXXXX";
    folder_ = mkdtemp(&name[0]);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(&address.sun_path[0], path().c_str(), sizeof address.sun_path - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 16) != 0)
      std::abort();
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~FakeDocker() {
    quit_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
    std::filesystem::remove_all(folder_);
  }
  FakeDocker(const FakeDocker&) = delete;
  FakeDocker& operator=(const FakeDocker&) = delete;

  [[nodiscard]] std::string path() const { return folder_ + "/docker.sock"; }
  [[nodiscard]] std::string host() const { return "unix://" + path(); }
  /// The first lines of all requests so far.
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  static bool write_all(int connection, const std::string& text) {
    return send(connection, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// A whole answer with a body.
  static bool reply(int connection, int status, const std::string& body) {
    return write_all(connection, "HTTP/1.1 " + std::to_string(status) +
                                     " X\r\nContent-Type: application/json\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
  }

 private:
  void accept_all() {
    while (!quit_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (poll(&waiting, 1, 20) <= 0) continue;
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) threads_.emplace_back([this, connection] { serve(connection); });
    }
  }
  void serve(int connection) {
    const std::string request = read_request(connection);
    const std::string line = request.substr(0, request.find('\r'));
    {
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
    }
    if (!answer_(line, request, connection)) {
      pollfd closed{connection, POLLRDHUP, 0};
      while (!quit_ && poll(&closed, 1, 20) == 0) continue;
    }
    close(connection);
  }
  std::string read_request(int connection) const {
    std::string text;
    char buffer[4096];
    while (!quit_) {
      if (const size_t end = text.find("\r\n\r\n"); end != std::string::npos) {
        const size_t at = text.find("Content-Length: ");
        const size_t length = at == std::string::npos ? 0 : std::strtoul(text.c_str() + at + 16, nullptr, 10);
        if (text.size() >= end + 4 + length) break;
      }
      pollfd waiting{connection, POLLIN, 0};
      if (poll(&waiting, 1, 20) <= 0) continue;
      const ssize_t got = recv(connection, &buffer[0], sizeof buffer, 0);
      if (got <= 0) break;
      text.append(&buffer[0], static_cast<size_t>(got));
    }
    return text;
  }

  Answer answer_;
  std::string folder_;
  int listener_ = -1;
  std::atomic<bool> quit_{false};
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace cbench::testing
