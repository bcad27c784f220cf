// PrivateRegistry: Debian's docker-registry on loopback with one login, as a child of the test; and a proxy
// before it that falls silent in mid-answer.
#pragma once

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

#include "runtime/engines/docker_client.h"
#include "runtime/engines/http.h"
#include "tests/support/child_server.h"

namespace cbench::testing {

/// A connected or listening socket of 127.0.0.1.
inline int loopback(uint16_t port, bool listening) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const int failed = listening ? bind(fd, generic, sizeof address) != 0 || listen(fd, 16) != 0
                               : connect(fd, generic, sizeof address);
  if (failed == 0) return fd;
  close(fd);
  return -1;
}

class PrivateRegistry {
 public:
  static constexpr const char* kUser = "tester";
  static constexpr const char* kPassword = "s3cret-of-the-test";

  /// False: docker-registry or htpasswd is not installed.
  [[nodiscard]] bool start() {
    const std::string folder = server_.folder();
    const std::string users = folder + "/users";
    const std::string made =
        std::string("printf '%s' ") + kPassword + " | htpasswd -iBc " + users + " " + kUser + " 2>/dev/null";
    if (system(made.c_str()) != 0) return false;
    std::ofstream(folder + "/config.yml")
        << "version: 0.1\nstorage: {filesystem: {rootdirectory: " << folder << "/data}}\nhttp: {addr: '"
        << host() << "'}\nauth: {htpasswd: {realm: test, path: " << users << "}}\n";
    server_.start({"/usr/bin/docker-registry", "serve", folder + "/config.yml"});
    for (int i = 0; i < 300; ++i) {
      if (const int fd = loopback(port_, false); fd >= 0) return close(fd) == 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }
  void end() { server_.end(); }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] Registry login() const { return {.host = host(), .user = kUser, .password = kPassword}; }

  /// Tags `image` as `name` of this registry, pushes that, and removes the tag again. The daemon's words.
  std::string push(const std::string& socket, const std::string& image, const std::string& name) const {
    const std::string repository = host() + "/" + name.substr(0, name.find(':'));
    const std::string tag = name.substr(name.find(':') + 1);
    std::string words;
    for (const auto& [method, target] : std::vector<std::pair<std::string, std::string>>{
             {"POST", "/images/" + image + "/tag?repo=" + repository + "&tag=" + tag},
             {"POST", "/images/" + repository + "/push?tag=" + tag},
             {"DELETE", "/images/" + repository + ":" + tag}}) {
      HttpRequest request;
      request.method = method;
      request.target = target;
      request.timeout = std::chrono::seconds(60);
      request.headers = {"X-Registry-Auth: " + registry_auth(login())};
      const Result<HttpResponse> answer = http_exchange(socket, request);
      words += answer ? answer->body : answer.error().message;
    }
    return words;
  }

 private:
  ChildServer server_;
  uint16_t port_ = free_port();
};

/// Hands connections on to `port`, and of each answer at most so many bytes; then it is silent.
class SilentProxy {
 public:
  SilentProxy(uint16_t port, size_t most) : target_(port), most_(most), listener_(loopback(port_, true)) {
    thread_ = std::thread([this] { serve(); });
  }
  ~SilentProxy() {
    quit_ = true;
    thread_.join();
    for (const Pair& pair : pairs_) close(pair.client), close(pair.server);
    close(listener_);
  }
  SilentProxy(const SilentProxy&) = delete;
  SilentProxy& operator=(const SilentProxy&) = delete;
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] bool silent() const { return silent_; }

 private:
  struct Pair {
    int client, server;
    size_t passed = 0;
    bool ended = false;
  };
  void serve() {
    while (!quit_) {
      std::vector<pollfd> fds{{listener_, POLLIN, 0}};
      for (const Pair& pair : pairs_) {
        const bool open = !pair.ended && pair.passed < most_;
        fds.push_back({pair.ended ? -1 : pair.client, POLLIN, 0});
        fds.push_back({open ? pair.server : -1, POLLIN, 0});
      }
      if (poll(fds.data(), fds.size(), 50) <= 0) continue;
      for (size_t i = 0; i < pairs_.size(); ++i) {
        Pair& pair = pairs_[i];
        if (fds[2 * i + 1].revents != 0) (void)hand_on(pair.client, pair.server, pair);
        if (fds[2 * i + 2].revents != 0) pair.passed += hand_on(pair.server, pair.client, pair);
        if (pair.passed >= most_) silent_ = true;
      }
      if (fds[0].revents == 0) continue;
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) pairs_.push_back({client, loopback(target_, false)});
    }
  }
  static size_t hand_on(int from, int to, Pair& pair) {
    char bytes[4096];
    const ssize_t got = recv(from, &bytes[0], sizeof bytes, 0);
    if (got <= 0 || send(to, &bytes[0], static_cast<size_t>(got), MSG_NOSIGNAL) != got) {
      pair.ended = true;
      shutdown(pair.client, SHUT_RDWR);
      shutdown(pair.server, SHUT_RDWR);
    }
    return got > 0 ? static_cast<size_t>(got) : 0;
  }

  uint16_t port_ = free_port(), target_;
  size_t most_;
  int listener_;
  std::vector<Pair> pairs_;
  std::atomic<bool> quit_{false}, silent_{false};
  std::thread thread_;
};

}  // namespace cbench::testing
