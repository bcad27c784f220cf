// Which images a run pulls, how often and how many at a time, and what is told when one cannot be had:
// against a FAKE daemon.
#include "runtime/engines/docker_images.h"

#include <atomic>
#include <set>

#include <gmock/gmock.h>

#include "tests/support/docker_scenario.h"

namespace cbench {
namespace {

using testing::FakeDocker;
using testing::has;
using ::testing::HasSubstr;
using testing::healthy;
using ::testing::SizeIs;
using namespace std::chrono_literals;

RunSpec run_of(const std::vector<std::pair<std::string, Pull>>& images) {
  RunSpec spec;
  spec.path = "bench.yml";
  for (const auto& [image, pull] : images) {
    ContainerSpec& container = spec.containers.emplace_back();
    container.name.value = "c" + std::to_string(spec.containers.size());
    container.image.value = image;
    container.image_place = "bench.yml:" + std::to_string(10 * spec.containers.size());
    container.pull = pull;
  }
  return spec;
}

/// All containers ask at once, as the run's workers do.
std::vector<Result<ImageInfo>> get_all(DockerImages& images, size_t count) {
  std::vector<Result<ImageInfo>> found(count, Error{});
  std::vector<std::thread> threads;
  for (size_t slot = 0; slot < count; ++slot)
    threads.emplace_back([&, slot] { found[slot] = images.get(slot, {}); });
  for (std::thread& thread : threads) thread.join();
  return found;
}

std::vector<std::string> pulls_of(FakeDocker& daemon) {
  std::vector<std::string> pulls;
  for (const std::string& line : daemon.lines())
    if (has(line, "/images/create")) pulls.push_back(line);
  return pulls;
}

TEST(DockerImages, an_image_that_several_containers_name_is_pulled_once) {
  FakeDocker daemon(healthy);
  DockerClient client(daemon.path());
  ASSERT_TRUE(client.connect());
  const RunSpec spec = run_of({{"redis", Pull::Missing},
                               {"redis:latest", Pull::Always},
                               {"docker.io/library/redis", Pull::Always},
                               {"redis:7", Pull::Always},
                               {"busybox", Pull::Missing}});
  DockerImages images(client, spec, 5s);
  for (const Result<ImageInfo>& found : get_all(images, 5)) EXPECT_TRUE(found);
  EXPECT_THAT(pulls_of(daemon), SizeIs(2)) << "redis and redis:7";
}

TEST(DockerImages, some_pulls_run_at_once_and_no_more) {
  std::atomic<int> now{0}, most{0};
  const FakeDocker daemon([&](const std::string& line, const std::string& request, int connection) {
    if (!has(line, "/images/create")) return healthy(line, request, connection);
    const int running = ++now;
    for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) continue;
    std::this_thread::sleep_for(50ms);
    --now;
    return FakeDocker::reply(connection, 200, "{}");
  });
  DockerClient client(daemon.path());
  ASSERT_TRUE(client.connect());
  std::vector<std::pair<std::string, Pull>> many;
  for (int i = 0; i < 12; ++i) many.emplace_back("image:" + std::to_string(i), Pull::Always);
  const RunSpec spec = run_of(many);
  DockerImages images(client, spec, 5s);
  for (const Result<ImageInfo>& found : get_all(images, 12)) EXPECT_TRUE(found);
  EXPECT_GE(most, 2);
  EXPECT_LE(most, 4);
}

TEST(DockerImages, what_cannot_be_pulled_is_told_with_its_place_cause_and_remedy) {
  struct Case {
    const char *words, *hint;
  };
  const Case cases[] = {
      {R"({"message":"Head \"http://reg:5000/v2/\": no basic auth credentials"})",
       "give a login for `reg:5000`"},
      {R"({"message":"manifest for reg:5000/app:1 not found: manifest unknown"})",
       "has no image of that name"},
      {R"({"message":"Get \"http://reg:5000/v2/\": dial tcp: connect: connection refused"})",
       "is the registry `reg:5000` up"},
      {R"({"message":"http: server gave HTTP response to HTTPS client"})", "insecure-registries"},
      {R"({"message":"write /var/lib/docker/tmp/x: no space left on device"})", "make room"},
      {R"({"message":"the moon is full"})", "check the name"}};
  for (const auto& [words, hint] : cases) {
    const FakeDocker daemon([=](const std::string& line, const std::string& request, int connection) {
      if (has(line, "/images/create")) return FakeDocker::reply(connection, 500, words);
      if (has(line, "/images/")) return FakeDocker::reply(connection, 404, "{}");
      return healthy(line, request, connection);
    });
    DockerClient client(daemon.path());
    ASSERT_TRUE(client.connect());
    const RunSpec spec = run_of({{"reg:5000/app:1", Pull::Missing}, {"reg:5000/app:1", Pull::Missing}});
    DockerImages images(client, spec, 5s);
    for (size_t slot = 0; slot < 2; ++slot) {
      const Result<ImageInfo> found = images.get(slot, {});
      ASSERT_FALSE(found);
      EXPECT_EQ(found.error().exit, Exit::HostLacks);
      EXPECT_THAT(found.error().message, HasSubstr("bench.yml:" + std::to_string(10 * (slot + 1)) +
                                                   ": Docker cannot pull image `reg:5000/app:1`: "));
      EXPECT_THAT(found.error().hint, HasSubstr(hint));
    }
  }
}

TEST(DockerImages, a_login_that_is_refused_is_another_remedy_than_none) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/images/create"))
      return FakeDocker::reply(connection, 500, R"({"message":"unauthorized: authentication required"})");
    if (has(line, "/images/")) return FakeDocker::reply(connection, 404, "{}");
    return healthy(line, request, connection);
  });
  DockerClient client(daemon.path());
  ASSERT_TRUE(client.connect());
  const auto hint = [&](const Registry& registry) {
    return client.pull("reg:5000/app", registry, {}).error().hint;
  };
  EXPECT_THAT(hint({}), HasSubstr("give a login for `reg:5000`"));
  EXPECT_THAT(hint({"reg:5000", "u", "secret"}), HasSubstr("login of that name and password"));
  EXPECT_THAT(hint({"other:5000", "u", "secret"}), HasSubstr("the one given is for `other:5000`"));
}

TEST(DockerImages, a_pull_always_that_fails_says_that_the_image_is_here) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    return has(line, "/images/create") ? FakeDocker::reply(connection, 500, R"({"message":"EOF"})")
                                       : healthy(line, request, connection);
  });
  DockerClient client(daemon.path());
  ASSERT_TRUE(client.connect());
  const RunSpec spec = run_of({{"redis", Pull::Always}});
  DockerImages images(client, spec, 5s);
  EXPECT_THAT(images.get(0, {}).error().hint,
              HasSubstr("without `pull: always` the image that is here would be used"));
}

TEST(DockerImages, a_pull_that_hangs_is_given_up_and_one_under_way_ends_with_the_run) {
  // Byte by byte, but never a whole line: no progress.
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (!has(line, "/images/create")) return healthy(line, request, connection);
    FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"Pulling\"}\n");
    while (FakeDocker::write_all(connection, "x")) std::this_thread::sleep_for(10ms);
    return true;
  });
  DockerClient client(daemon.path());
  ASSERT_TRUE(client.connect());
  const RunSpec spec = run_of({{"redis", Pull::Always}});
  const auto begin = std::chrono::steady_clock::now();
  DockerImages impatient(client, spec, 500ms);
  EXPECT_THAT(impatient.get(0, {}).error().message, HasSubstr("no progress for 0.5 s"));
  DockerImages patient(client, spec, 1h);
  std::thread end([&] {
    std::this_thread::sleep_for(300ms);
    patient.close();
  });
  EXPECT_THAT(patient.get(0, {}).error().message, HasSubstr("the run is ending"));
  end.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 6s);
}

TEST(DockerImages, the_digest_is_that_of_the_registry_which_is_named) {
  const ImageInfo image{.id = "sha256:1",
                        .digests = {"mirror:5000/redis@sha256:2", "redis@sha256:3"},
                        .entrypoint = {},
                        .command = {},
                        .stop_signal = "",
                        .health_check = ""};
  EXPECT_EQ(digest_of(image, "docker.io/library/redis:7"), "redis@sha256:3");
  EXPECT_EQ(digest_of(image, "mirror:5000/redis"), "mirror:5000/redis@sha256:2");
  EXPECT_EQ(digest_of(image, "local-name:1"), "mirror:5000/redis@sha256:2");
  EXPECT_EQ(digest_of({}, "redis"), "");
}

}  // namespace
}  // namespace cbench
