// Ports that are taken and images that are not there are found before a run, with the line that wants them.
#include <cstdlib>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/driver/preflight.h"
#include "tests/support/fake_docker.h"

namespace cbench {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using testing::FakeDocker;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A port of 127.0.0.1 that somebody has.
class TakenPort {
 public:
  explicit TakenPort(int type) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd_, any, length), 0);
    if (type == SOCK_STREAM) EXPECT_EQ(::listen(fd_, 1), 0);
    EXPECT_EQ(::getsockname(fd_, any, &length), 0);
    number = ntohs(address.sin_port);
  }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  ~TakenPort() { release(); }
  void release() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  uint16_t number = 0;

 private:
  int fd_;
};

class preflight_of_docker : public ::testing::Test {
 protected:
  preflight_of_docker() {
    const uint32_t source = sources.add("bench.yml", "a:\n  port: x\n  image: y\n");
    spec.path = "bench.yml";
    ContainerSpec& a = spec.containers.emplace_back();
    a.name.value = "a";
    a.image = {"quiet:1", Span{source, 22, 23}};
    port_span = {source, 11, 12};
  }
  void publish(const std::string& ip, uint16_t number, const std::string& protocol = "tcp") {
    spec.containers[0].ports = {{ip, number, 80, protocol, port_span}};
  }
  RunSpec spec;
  SourceSet sources;
  Span port_span;
};

TEST_F(preflight_of_docker, a_port_that_is_taken_is_what_the_host_lacks_and_its_line_is_named) {
  for (const auto& [type, protocol] : {std::pair(SOCK_STREAM, "tcp"), {SOCK_DGRAM, "udp"}}) {
    TakenPort taken(type);
    for (const char* ip : {"", "0.0.0.0", "127.0.0.1"}) {
      publish(ip, taken.number, protocol);
      const Result<> checked = check_ports(spec, sources);
      ASSERT_FALSE(checked.ok()) << ip << " " << protocol;
      EXPECT_EQ(checked.error().exit, Exit::HostLacks);
      EXPECT_EQ(checked.error().message,
                fmt::format("bench.yml:2:9: `a` publishes port {}/{} of this host, which is taken",
                            taken.number, protocol));
      EXPECT_THAT(checked.error().hint, HasSubstr(fmt::format("'sport = :{}'", taken.number)));
    }
    publish("127.0.0.2", taken.number, protocol);
    EXPECT_TRUE(check_ports(spec, sources).ok()) << "another address";
    publish("", taken.number, type == SOCK_STREAM ? "udp" : "tcp");
    EXPECT_TRUE(check_ports(spec, sources).ok()) << "another protocol";
    taken.release();
    publish("", taken.number, protocol);
    EXPECT_TRUE(check_ports(spec, sources).ok()) << "free again";
  }
}

TEST_F(preflight_of_docker, an_address_that_is_none_of_this_host_is_what_it_lacks) {
  for (const char* ip : {"192.0.2.1", "2001:db8::1"}) {  // kept for documentation: nobody has them
    publish(ip, 8080);
    const Result<> checked = check_ports(spec, sources);
    if (checked.ok() && ip[1] == '0') continue;  // a host without IPv6
    ASSERT_FALSE(checked.ok()) << ip;
    EXPECT_EQ(checked.error().exit, Exit::HostLacks);
    EXPECT_THAT(checked.error().message, AllOf(StartsWith("bench.yml:2:9: `a` "), HasSubstr(ip)));
  }
}

/// A daemon with one image, `here:1`.
bool with_one_image(const std::string& line, const std::string&, int connection) {
  if (line.find("/version") != std::string::npos)
    return FakeDocker::reply(connection, 200,
                             R"({"Version":"28","ApiVersion":"1.47","MinAPIVersion":"1.24","Os":"linux"})");
  if (line.find("/images/here:1/json") != std::string::npos)
    return FakeDocker::reply(connection, 200, R"({"Id":"sha256:1","Config":{"Cmd":["sh"]}})");
  return FakeDocker::reply(connection, 404, R"({"message":"no such image"})");
}

class images_of_docker : public preflight_of_docker {
 protected:
  ~images_of_docker() override { unsetenv("DOCKER_HOST"); }
};

TEST_F(images_of_docker, one_that_is_never_pulled_has_to_be_there) {
  FakeDocker daemon(with_one_image);
  setenv("DOCKER_HOST", daemon.host().c_str(), 1);
  ContainerSpec& a = spec.containers[0];
  EXPECT_TRUE(check_images(spec, sources).ok()) << "it may be pulled";
  a.pull = Pull::Never;
  const Result<> checked = check_images(spec, sources);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  EXPECT_EQ(checked.error().message,
            "bench.yml:3:10: image `quiet:1` of `a` is not on this host, and is never pulled");
  EXPECT_EQ(checked.error().hint, "`docker pull quiet:1`, or `pull: missing`");
  a.image.value = "here:1";
  const Result<> there = check_images(spec, sources);
  EXPECT_TRUE(there.ok()) << (there.ok() ? "" : there.error().message);
  EXPECT_THAT(daemon.lines(), Contains(HasSubstr("/images/quiet:1/json")));
}

TEST_F(images_of_docker, a_daemon_that_is_not_there_is_what_the_host_lacks) {
  setenv("DOCKER_HOST", "unix:///nowhere/docker.sock", 1);
  const Result<> checked = check_images(spec, sources);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  spec.engine = EngineKind::Process;
  EXPECT_TRUE(check_images(spec, sources).ok()) << "no daemon is needed";
}

}  // namespace
}  // namespace cbench
