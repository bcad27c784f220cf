// Images from a private registry with a login: what `cbench run` says and leaves when one cannot be had, and
// that no password is anywhere. A docker-registry of the tests' own.
// link: runtime.engines CURL::libcurl
// needs: dockerd
#include "tests/support/registry.h"

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "runtime/engines/docker_engine.h"
#include "tests/support/command_line.h"

namespace cbench {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PrivateRegistry;
using testing::SilentProxy;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

class PullFromRegistry : public CommandLine {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    ASSERT_TRUE(registry_.start()) << "apt-get install docker-registry apache2-utils";
    const std::string pushed = registry_.push(socket(), "cbench-test/busybox:1", "team/app:1");
    const size_t at = pushed.find("sha256:", pushed.find("\"Digest\":"));
    ASSERT_NE(at, std::string::npos) << pushed;
    digest_ = pushed.substr(at, 71);
    // The pushed image is here as well, by its first name; in mid-pull tests it must not be.
    before_ = state();
  }
  void TearDown() override {
    if (before_.empty()) return;
    get("DELETE", "/images/" + registry_.host() + "/team/app:1");
    for (int i = 0; i < 50 && state() != before_; ++i) std::this_thread::sleep_for(100ms);
    EXPECT_EQ(state(), before_) << "containers, images and files of pulls are as they were";
    expect_nothing_left();
    expect_no_password();
  }

  static std::string socket() { return *docker_socket(getenv("DOCKER_HOST")); }
  static std::string get(const std::string& method, const std::string& target) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    const Result<HttpResponse> answer = http_exchange(socket(), request);
    return answer ? answer->body : answer.error().message;
  }
  /// Containers, images with their names, and what a pull has under way.
  static std::string state() {
    std::set<std::string> all;
    for (const json& one : json::parse(get("GET", "/containers/json?all=1"))) all.insert(one["Id"]);
    for (const json& one : json::parse(get("GET", "/images/json?all=1")))
      all.insert(one["Id"].get<std::string>() + one["RepoTags"].dump() + one["RepoDigests"].dump());
    for (const auto& file : fs::directory_iterator(fs::path(socket()).parent_path() / "data/tmp"))
      all.insert(file.path());
    return fmt::format("{}", fmt::join(all, "\n"));
  }

  void bench(const std::string& image, const Registry& login, const std::string& pull = "missing") const {
    const std::string registry =
        login.host.empty()
            ? ""
            : fmt::format("  docker: {{registry: {{host: \"{}\", username: {}, password: {}}}}}\n",
                          login.host, login.user, login.password);
    write(
        "bench.yml",
        fmt::format(
            "benchmark:\n  name: pull\n  max_t: 20\n{}"
            "app:\n  image: {}\n  pull: {}\n  command: sleep 0.3\n  data: {{frequency: 100, docker: true}}\n",
            registry, image, pull));
  }
  /// Line of `image` in what bench() writes.
  static std::string place(const Registry& login) {
    return login.host.empty() ? "bench.yml:5: " : "bench.yml:6: ";
  }

  void expect_refusal(const std::string& image, const Registry& login, const std::string& words,
                      const std::string& hint) const {
    bench(image, login);
    const Output run = cbench("run bench.yml -v -o t.arrows");
    EXPECT_EQ(run.code, 4) << run.err;
    EXPECT_THAT(run.err, HasSubstr(place(login) + "Docker cannot pull image `" + image + "`: "));
    EXPECT_THAT(run.err, HasSubstr(words));
    EXPECT_THAT(run.err, HasSubstr(hint));
    expect_no_password();
    fs::remove(folder / "t.arrows");
  }

  /// Neither as it is nor as it is sent, in anything that was written but the file that the user wrote it
  /// into.
  void expect_no_password() const {
    const std::string sent = registry_auth(registry_.login());
    for (const auto& file : fs::recursive_directory_iterator(folder)) {
      if (!file.is_regular_file() || file.path().filename() == "bench.yml") continue;
      const std::string text = slurp(file.path());
      EXPECT_EQ(text.find(PrivateRegistry::kPassword), std::string::npos) << file.path();
      EXPECT_EQ(text.find(sent), std::string::npos) << file.path();
    }
  }

  PrivateRegistry registry_;
  std::string digest_, before_;
};

TEST_F(PullFromRegistry, with_the_login_of_the_file_the_run_is_that_of_the_image) {
  bench(registry_.host() + "/team/app:1", registry_.login());
  const Output run = cbench("run bench.yml -v -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("pulling " + registry_.host() + "/team/app:1"));
  // What was run can be found again.
  const std::string digest = registry_.host() + "/team/app@" + digest_;
  const json image = json::parse(get("GET", "/images/" + registry_.host() + "/team/app:1/json"));
  EXPECT_THAT(cbench("trace info t.arrows").out, HasSubstr("image    " + digest + " (app)\n"));
  const json summary = json::parse(cbench("trace info --json t.arrows").out);
  EXPECT_EQ(summary["containers"][0]["image_digest"], digest);
  EXPECT_EQ(summary["containers"][0]["image_id"], image["Id"]);
  EXPECT_THAT(cbench("export t.arrows --to lp -o -").out,
              HasSubstr(R"(images="{\"app\":\")" + digest + R"(\"}")"));
  EXPECT_EQ(cbench("dry-run t.arrows --policy default").code, 0);
}

TEST_F(PullFromRegistry, with_the_login_of_the_environment_too) {
  bench(registry_.host() + "/team/app:1", {}, "always");
  setenv("DOCKER_REGISTRY_HOST", registry_.host().c_str(), 1);
  setenv("DOCKER_REGISTRY_USERNAME", PrivateRegistry::kUser, 1);
  setenv("DOCKER_REGISTRY_PASSWORD", PrivateRegistry::kPassword, 1);
  const Output run = cbench("run bench.yml -v -o t.arrows");
  for (const char* part : {"HOST", "USERNAME", "PASSWORD"})
    unsetenv((std::string("DOCKER_REGISTRY_") + part).c_str());
  EXPECT_EQ(run.code, 0) << run.err;
}

TEST_F(PullFromRegistry, each_of_several_images_is_pulled_and_told_once) {
  const std::string app = registry_.host() + "/team/app:1", other = registry_.host() + "/team/other:1";
  ASSERT_THAT(registry_.push(socket(), "cbench-test/stress-ng:1", "team/other:1"), HasSubstr("\"Digest\":"));
  bench(app, registry_.login(), "always");
  std::ofstream more(folder / "bench.yml", std::ios::app);
  for (const auto& [name, image] : {std::pair("b", app), std::pair("c", other), std::pair("d", other)})
    more << name << ":\n  image: " << image << "\n  pull: always\n  exclusive: false\n  core: \"0\"\n"
         << "  command: sleep 0.3\n  data: {frequency: 100, docker: true}\n";
  more.close();
  const Output run = cbench("run bench.yml -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  for (const std::string& image : {app, other}) {
    const std::string line = "pulling " + image + "\n";
    const size_t at = run.err.find(line);
    EXPECT_NE(at, std::string::npos) << run.err;
    EXPECT_EQ(run.err.find(line, at + 1), std::string::npos) << run.err;
  }
  const std::string info = cbench("trace info t.arrows").out;
  EXPECT_THAT(info, HasSubstr("image    " + registry_.host() + "/team/app@" + digest_ + " (app, b)\n"));
  EXPECT_THAT(info, HasSubstr(" (c, d)\n"));
  get("DELETE", "/images/" + other);
}

TEST_F(PullFromRegistry, what_it_refuses_is_told_with_place_cause_and_remedy) {
  const std::string app = registry_.host() + "/team/app:1";
  Registry wrong = registry_.login();
  wrong.password = "not-it";
  Registry other = registry_.login();
  other.host = "registry.example.org";
  expect_refusal(app, {}, "no basic auth credentials", "give a login for `" + registry_.host() + "`");
  expect_refusal(app, other, "no basic auth credentials", "the one given is for `registry.example.org`");
  expect_refusal(app, wrong, "unauthorized", "login of that name and password");
  expect_refusal(registry_.host() + "/team/none:1", registry_.login(), "not found",
                 "has no image of that name and tag");
  expect_refusal(registry_.host() + "/team/app:2", registry_.login(), "not found",
                 "has no image of that name and tag");
  registry_.end();
  expect_refusal(app, registry_.login(), "connection refused",
                 "is the registry `" + registry_.host() + "` up");
}

/// The daemon must fetch its layer: no image here may have it.
class SilentRegistry : public PullFromRegistry {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    ASSERT_TRUE(registry_.start()) << "apt-get install docker-registry apache2-utils";
    // An image of its own, of 8 MB that do not compress.
    const std::string make = fmt::format(
        "d=$(mktemp -d) && head -c 8000000 /dev/urandom >$d/x && tar -C $d -c . | curl -sS --unix-socket {} "
        "-X POST "
        "-H 'Content-Type: application/x-tar' --data-binary @- "
        "'http://docker/images/create?fromSrc=-&repo=cbench-test/large&tag=1' >/dev/null; rm -r $d",
        socket());
    ASSERT_EQ(system(make.c_str()), 0);
    ASSERT_THAT(registry_.push(socket(), "cbench-test/large:1", "team/app:1"), HasSubstr("\"Digest\":"));
    get("DELETE", "/images/cbench-test/large:1");
    proxy_ = std::make_unique<SilentProxy>(registry_.port(), 1'000'000);
    login_ = registry_.login();
    login_.host = proxy_->host();
    before_ = state();
  }
  std::unique_ptr<SilentProxy> proxy_;
  Registry login_;
};

TEST_F(SilentRegistry, a_pull_that_hangs_is_given_up) {
  RunSpec spec;
  spec.path = "bench.yml";
  spec.registry = login_;
  ContainerSpec& container = spec.containers.emplace_back();
  container.name.value = "app";
  container.image.value = proxy_->host() + "/team/app:1";
  container.image_place = "bench.yml:6";
  DockerTimes times;
  times.pull_idle = 2s;
  DockerEngine engine(spec, "0190a0b1-c2d3-7000-8000-0000000000fe", folder, getenv("DOCKER_HOST"), times);
  ASSERT_TRUE(engine.check());
  double fraction = -1;
  const auto begin = std::chrono::steady_clock::now();
  const Result<> prepared = engine.prepare(0, [&](const std::string&, double done) { fraction = done; });
  ASSERT_FALSE(prepared);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_TRUE(proxy_->silent());
  EXPECT_GT(fraction, 0);
  EXPECT_LT(fraction, 1);
  EXPECT_EQ(prepared.error().exit, Exit::HostLacks);
  EXPECT_THAT(prepared.error().message,
              HasSubstr("bench.yml:6: Docker cannot pull image `" + container.image.value + "`: "));
  EXPECT_THAT(prepared.error().message, HasSubstr("no progress for 2 s"));
  EXPECT_THAT(prepared.error().hint, HasSubstr("is the registry `" + proxy_->host() + "` up"));
  EXPECT_TRUE(engine.remove_all().empty());
}

TEST_F(SilentRegistry, an_interrupt_ends_a_pull_that_hangs_and_no_process_shows_a_password) {
  bench(proxy_->host() + "/team/app:1", login_);
  const pid_t pid = launch("run bench.yml -v -o t.arrows");
  for (int i = 0; i < 600 && !proxy_->silent(); ++i) std::this_thread::sleep_for(50ms);
  ASSERT_TRUE(proxy_->silent());
  for (const auto& process : fs::directory_iterator("/proc"))
    EXPECT_EQ(slurp(process.path() / "cmdline").find(PrivateRegistry::kPassword), std::string::npos)
        << process.path();
  const auto begin = std::chrono::steady_clock::now();
  kill(pid, SIGINT);
  const Output run = finish(pid);
  EXPECT_EQ(run.code, 128 + SIGINT) << run.err;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_THAT(run.err, Not(HasSubstr("by force")));
  EXPECT_THAT(run.out, HasSubstr("interrupted"));
}

}  // namespace
}  // namespace cbench
