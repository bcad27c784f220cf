// What a workload serves on a socket, by servers of our own: streams, questions and answers, ends and floods.
#include "runtime/collectors/socket_tail.h"

#include <cstring>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

namespace cbench {
namespace {

class serving : public testing::Test {
 protected:
  void SetUp() override {
    path =
        (std::filesystem::temp_directory_path() / ("cbench-socket-" + std::to_string(::getpid()))).string();
    listen();
  }
  void TearDown() override {
    for (const int fd : {listener, peer})
      if (fd >= 0) ::close(fd);
    ::unlink(path.c_str());
  }
  void listen() {
    ::unlink(path.c_str());
    listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = socket_address("unix:" + path);
    ASSERT_TRUE(address);
    ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address->storage), address->size), 0);
    ASSERT_EQ(::listen(listener, 8), 0);
  }
  void accept() {
    if (peer >= 0) ::close(peer);
    peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ASSERT_GE(peer, 0);
  }
  void say(const std::string& text) const {
    ASSERT_EQ(::send(peer, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  std::string hear() const {
    char heard[256];
    const ssize_t n = ::recv(peer, heard, sizeof heard, MSG_DONTWAIT);
    return n > 0 ? std::string(heard, static_cast<size_t>(n)) : "";
  }

  std::string path;
  int listener = -1, peer = -1;
};

TEST_F(serving, a_stream_gives_its_complete_lines_once) {
  SocketTail tail("unix:" + path, "");
  EXPECT_EQ(tail.read(), "") << "connected, and nothing came";
  accept();
  say("p95=4ms\np95=5ms\np9");
  EXPECT_EQ(tail.read(), "p95=4ms\np95=5ms\n");
  EXPECT_EQ(tail.read(), "");
  say("5=6ms\n");
  EXPECT_EQ(tail.read(), "p95=6ms\n");
}

TEST_F(serving, an_answer_counts_in_the_next_sample_and_no_question_is_asked_twice) {
  SocketTail tail("unix:" + path, "stats\n");
  EXPECT_EQ(tail.read(), "");
  accept();
  EXPECT_EQ(hear(), "stats\n");
  EXPECT_EQ(tail.read(), "");
  EXPECT_EQ(hear(), "") << "the first was not answered yet";
  say("queue 7\n");
  EXPECT_EQ(tail.read(), "queue 7\n");
  EXPECT_EQ(hear(), "stats\n");
}

TEST_F(serving, a_server_that_ends_its_answers_is_asked_again) {
  SocketTail tail("unix:" + path, "GET\n");
  (void)tail.read();
  for (int round = 1; round <= 3; ++round) {
    accept();
    EXPECT_EQ(hear(), "GET\n") << round;
    say("queue " + std::to_string(round));  // its end ends the line
    ::close(peer);
    peer = -1;
    EXPECT_EQ(tail.read(), "queue " + std::to_string(round) + "\n");
  }
}

TEST_F(serving, nobody_there_is_no_silence_and_a_server_that_comes_back_is_found) {
  ::close(listener);
  ::unlink(path.c_str());
  SocketTail tail("unix:" + path, "");
  EXPECT_EQ(tail.read(), std::nullopt);
  listen();
  EXPECT_EQ(tail.read(), "");
  accept();
  ::close(peer);
  ::close(listener);
  peer = listener = -1;
  ::unlink(path.c_str());
  EXPECT_EQ(tail.read(), std::nullopt);
  EXPECT_EQ(tail.read(), std::nullopt);
}

TEST_F(serving, of_a_flood_the_newest_lines_count_and_of_a_long_line_its_beginning) {
  SocketTail tail("unix:" + path, "");
  (void)tail.read();
  accept();
  const int room = 4 << 20;
  ::setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  std::string flood;
  for (int i = 0; flood.size() < 180'000; ++i) flood += "n=" + std::to_string(i) + "\n";
  const ssize_t sent = ::send(peer, flood.data(), flood.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ASSERT_GT(sent, 100'000) << "the kernel takes that much at once";
  const std::string given(tail.read().value_or(""));
  const size_t end = flood.rfind('\n', static_cast<size_t>(sent) - 1) + 1;
  EXPECT_GT(given.size(), LogTail::kMostBytes / 2);
  EXPECT_LE(given.size(), LogTail::kMostBytes + LogTail::kMostLine);
  EXPECT_EQ(given, flood.substr(end - given.size(), given.size())) << "the newest";
  EXPECT_EQ(given.substr(0, 2), "n=") << "whole lines only";
}

TEST_F(serving, a_line_without_end_is_cut_and_what_follows_is_found) {
  SocketTail tail("unix:" + path, "");
  (void)tail.read();
  accept();
  const std::string part(40'000, 'x');
  for (int i = 0; i < 5; ++i) {
    say(part);
    EXPECT_EQ(tail.read(), "");
  }
  say("\nn=1\n");
  std::string_view lines = tail.read().value_or("");
  EXPECT_EQ(take_last_line(lines), "n=1");
  const std::string_view cut = take_last_line(lines);
  EXPECT_EQ(cut, std::string(LogTail::kMostLine, 'x'));
  EXPECT_TRUE(lines.empty());
}

TEST(socket_address, has_a_path_or_a_number_and_a_port) {
  for (const char* good : {"unix:/run/x.sock", "127.0.0.1:80", "localhost:65535", "[::1]:11211"})
    EXPECT_TRUE(socket_address(good)) << good;
  for (const char* bad : {"", "unix:", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "a.b:80",
                          ":80", "::1:80", "[::1]", "127.0.0.1:80x", "127.0.0.1:-1"})
    EXPECT_FALSE(socket_address(bad)) << bad;
  EXPECT_TRUE(socket_address("unix:" + std::string(107, 'p')));
  EXPECT_FALSE(socket_address("unix:" + std::string(108, 'p')));
}

}  // namespace
}  // namespace cbench
