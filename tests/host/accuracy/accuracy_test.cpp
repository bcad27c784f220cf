// link: runtime.collectors runtime.engines
// Figures against workloads whose figures are known, and against perf: what docs/accuracy.md promises. The
// work is done between two of our readings while the judge counts, so that both count the same.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "../engines/run.h"
#include "tests/support/sampled.h"

namespace cbench {
namespace {

using enum Metric;
using namespace std::chrono_literals;
using testing::EngineRun;

/// The output of a shell command.
std::string shell(const std::string& command) {
  std::string text;
  std::array<char, 4096> buffer{};
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "";
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), n);
  return ::pclose(pipe) == 0 ? text : "failed: " + text;
}
bool has_program(const char* name) {
  return shell(std::string("command -v ") + name).find('/') != std::string::npos;
}

/// A child that does a piece of work each time it is told to.
class Worker {
 public:
  explicit Worker(const std::function<void()>& work) {
    EXPECT_EQ(::pipe(order_.data()), 0);
    EXPECT_EQ(::pipe(done_.data()), 0);
    child = std::make_unique<CgroupChild>(kHybridHierarchies, [&] {
      for (char c = 0; ::read(order_[0], &c, 1) == 1;) {
        work();
        (void)!::write(done_[1], &c, 1);
      }
      ::pause();
    });
  }
  ~Worker() {
    child.reset();
    for (const int fd : {order_[0], order_[1], done_[0], done_[1]}) ::close(fd);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  void work() const {
    char c = 1;
    ASSERT_EQ(::write(order_[1], &c, 1), 1);
    ASSERT_EQ(::read(done_[0], &c, 1), 1);
  }

  std::unique_ptr<CgroupChild> child;

 private:
  std::array<int, 2> order_{}, done_{};
};

class accuracy : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!CgroupChild::possible(kHybridHierarchies))
      GTEST_SKIP() << "needs a hybrid host and the right to make cgroups";
  }
};

/// A known number of page faults, and CPU time.
__attribute__((no_sanitize("address"))) void fault_and_spin() {
  constexpr size_t kPages = 20'000, kPage = 4096;
  void* memory = ::mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  ::madvise(memory, kPages * kPage, MADV_NOHUGEPAGE);
  for (size_t i = 0; i < kPages; ++i) static_cast<volatile char*>(memory)[i * kPage] = 1;
  ::munmap(memory, kPages * kPage);
  const auto end = std::chrono::steady_clock::now() + 400ms;
  for (volatile uint64_t i = 0; std::chrono::steady_clock::now() < end; i = i + 1) {
  }
}

/// Moves itself between two CPUs, each move a migration, if it may use two.
constexpr int kMoves = 50;
void move_about() {
  cpu_set_t may{};
  if (::sched_getaffinity(0, sizeof may, &may) != 0) return;
  std::vector<size_t> cpus;
  for (size_t cpu = 0; cpu < CPU_SETSIZE && cpus.size() < 2; ++cpu)
    if (CPU_ISSET(cpu, &may)) cpus.push_back(cpu);
  if (cpus.size() < 2) return;
  for (size_t i = 0; i <= kMoves; ++i) {  // the first need not move it
    cpu_set_t one{};
    CPU_SET(cpus[i % 2], &one);
    (void)::sched_setaffinity(0, sizeof one, &one);
  }
  (void)::sched_setaffinity(0, sizeof may, &may);
}

/// Counts by event of `perf stat -x,`.
std::map<std::string, double> perf_counts(const std::string& text) {
  std::map<std::string, double> counts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string value, unit, event;
    std::getline(words, value, ',');
    std::getline(words, unit, ',');
    std::getline(words, event, ',');
    if (!event.empty()) counts[event] = std::atof(value.c_str());
  }
  return counts;
}

TEST_F(accuracy, software_events_are_those_of_perf_stat_for_the_same_work) {
  if (!has_program("perf")) GTEST_SKIP() << "needs perf (Debian: linux-perf)";
  const Worker worker([] {
    fault_and_spin();
    move_about();
  });
  Sampled container(*worker.child);
  const std::string group = std::filesystem::path(worker.child->group("unified")).filename();
  std::string theirs;
  container.collect();
  std::thread judge([&] {
    theirs = shell(
        "perf stat -x, -a -e task-clock,page-faults,context-switches,cpu-migrations --for-each-cgroup " +
        group + " sleep 3");
  });
  std::this_thread::sleep_for(1200ms);
  worker.work();
  judge.join();
  container.collect();
  const auto counts = perf_counts(theirs);
  ASSERT_TRUE(counts.contains("task-clock")) << theirs;
  const double clock_ms = container[perf_task_clock] / 1e6, faults = container[perf_page_faults];
  std::printf("task-clock ours %.2f ms, perf's %.2f; page faults %.0f, %.0f; context switches %.0f, %.0f\n",
              clock_ms, counts.at("task-clock"), faults, counts.at("page-faults"),
              container[perf_context_switches], counts.at("context-switches"));
  EXPECT_NEAR(clock_ms / counts.at("task-clock"), 1, 0.02);
  EXPECT_NEAR(faults / counts.at("page-faults"), 1, 0.02);
  EXPECT_NEAR(container[perf_context_switches], counts.at("context-switches"),
              2 + 0.02 * counts.at("context-switches"));
  const double migrations = container[perf_cpu_migrations];
  std::printf("migrations %.0f, %.0f\n", migrations, counts.at("cpu-migrations"));
  EXPECT_NEAR(migrations, counts.at("cpu-migrations"), 1 + 0.02 * counts.at("cpu-migrations"));
  if (::sysconf(_SC_NPROCESSORS_ONLN) > 1) EXPECT_GE(migrations, kMoves);
}

TEST_F(accuracy, a_known_amount_of_cpu_time_and_faults_is_found) {
  const Worker worker(fault_and_spin);
  Sampled container(*worker.child);
  container.collect();
  const double before = container[docker_cpu_usage_total], faults = container[docker_pgfault];
  worker.work();
  container.collect();
  const double used = container[docker_cpu_usage_total] - before;
  EXPECT_NEAR(container[perf_task_clock] / used, 1, 0.02) << "two sources of one kernel";
  EXPECT_GE(used, 0.2e9) << "400 ms of spinning, less what others took";
  EXPECT_GE(container[docker_pgfault] - faults, 20'000);
  EXPECT_LE(container[docker_pgfault] - faults, 20'500);
}

TEST_F(accuracy, bytes_written_to_a_disk_are_counted_to_the_byte) {
  const std::string path = "/var/tmp/cbench-accuracy-" + std::to_string(::getpid());
  const auto write_directly = [path] {
    constexpr size_t kBlock = 1 << 20;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
    void* block = nullptr;
    if (fd < 0 || ::posix_memalign(&block, 4096, kBlock) != 0) return;
    std::fill_n(static_cast<char*>(block), kBlock, 'x');
    for (int i = 0; i < 32; ++i) (void)!::write(fd, block, kBlock);
    ::close(fd);
    std::free(block);
  };
  const Worker worker(write_directly);
  Sampled container(*worker.child);
  container.collect();
  if (!has_value(container.status(docker_disk_write_bytes))) {
    // Not a 0 that is wrong, but a reason.
    EXPECT_THAT(container.lines, ::testing::Contains(::testing::HasSubstr("docker.disk_write_bytes")));
    EXPECT_EQ(container.status(docker_disk_write_bytes), Status::Unsupported);
    return;
  }
  const double bytes = container[docker_disk_write_bytes], operations = container[docker_disk_write_ops];
  worker.work();
  container.collect();
  const bool direct = std::filesystem::exists(path) && std::filesystem::file_size(path) == 32U << 20U;
  std::filesystem::remove(path);
  if (!direct) GTEST_SKIP() << "the file system of /var/tmp takes no direct writes";
  const double written = container[docker_disk_write_bytes] - bytes;
  if (written == 0) GTEST_SKIP() << "no block device below /var/tmp is accounted to cgroups here";
  EXPECT_GE(written, 32 << 20);
  EXPECT_LE(written, (32 << 20) * 1.01)
      << "what the file system writes of its own comes later, in its own name";
  EXPECT_GE(container[docker_disk_write_ops] - operations, 32);
}

/// Sends `count` datagrams of `size` bytes to each of the host's ends.
void send_datagrams(const std::vector<std::string>& addresses, int count, size_t size) {
  const std::vector<char> payload(size, 'x');
  for (const std::string& text : addresses) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    ::inet_pton(AF_INET, text.c_str(), &to.sin_addr);
    for (int i = 0; i < count; ++i)
      (void)!::sendto(fd, payload.data(), payload.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
    ::close(fd);
  }
}

TEST_F(accuracy, bytes_between_two_network_namespaces_are_counted_over_all_interfaces) {
  if (!has_program("ip")) GTEST_SKIP() << "needs ip (Debian: iproute2)";
  constexpr int kCount = 1000;
  constexpr size_t kPayload = 1000;
  bool separate = false;
  const Worker worker([&] {
    if (!separate) {  // the first piece of work
      separate = ::unshare(CLONE_NEWNET) == 0;
      return;
    }
    send_datagrams({"10.97.1.1", "10.97.2.1"}, kCount, kPayload);
  });
  worker.work();
  std::string made;
  for (int i = 1; i <= 2; ++i) {
    const std::string host = fmt::format("cbt{}a{}", ::getpid() % 10000, i),
                      guest = fmt::format("cbt{}b{}", ::getpid() % 10000, i);
    const std::string inside = fmt::format("nsenter -t {} -n ", worker.child->pid);
    made += shell(fmt::format(
        "ip link add {0} type veth peer name {1} && ip link set {1} netns {2} && "
        "sysctl -qw net.ipv6.conf.{0}.disable_ipv6=1; {3}sysctl -qw net.ipv6.conf.{1}.disable_ipv6=1; "
        "ip addr add 10.97.{4}.1/24 dev {0} && ip link set {0} up && {3}ip addr add 10.97.{4}.2/24 dev {1} "
        "&& "
        "{3}ip link set {1} up && {3}ip neigh replace 10.97.{4}.1 lladdr $(cat /sys/class/net/{0}/address) "
        "dev {1}",
        host, guest, worker.child->pid, inside, i));
  }
  if (made.find("failed: ") != std::string::npos) GTEST_SKIP() << "no veth here: " << made;
  Sampled container(*worker.child);
  container.collect();
  const double bytes = container[docker_network_tx_bytes], packets = container[docker_network_tx_packets];
  worker.work();
  container.collect();
  constexpr double kFrame = kPayload + 8 + 20 + 14;  // UDP, IPv4 and Ethernet headers
  const double sent = container[docker_network_tx_bytes] - bytes;
  std::printf("%.0f bytes in %.0f packets; %.0f expected\n", sent,
              container[docker_network_tx_packets] - packets, 2 * kCount * kFrame);
  EXPECT_GE(sent, 2 * kCount * kFrame);
  EXPECT_LE(sent, 2 * kCount * kFrame * 1.01);
  EXPECT_NEAR(container[docker_network_tx_packets] - packets, 2 * kCount, 20);
}

/// A container of the process engine, sampled for `seconds` after `warm_up`.
class Stressed : public testing::RootTest {
 protected:
  void SetUp() override {
    RootTest::SetUp();
    if (!has_program("stress-ng")) GTEST_SKIP() << "needs stress-ng";
  }
  /// The frame after two samples that lie `seconds` apart.
  std::unique_ptr<Frame> watch(const std::string& command, std::chrono::milliseconds warm_up,
                               std::chrono::milliseconds between) {
    EngineRun run(EngineKind::Process);
    run.add("stress", command);
    for (size_t i = 0; i < kMetricCount; ++i)
      if (kMetrics[i].group == MetricGroup::docker) run.spec.containers[0].sampling.enabled.set(i);
    run.spec.step_ns = 1;
    run.make();
    const Started started = run.start(0);
    auto frame = std::make_unique<Frame>(columns_of(run.spec), 1);
    frame->running[0] = 1;
    Sampler sampler(run.spec, probe_host(), *frame, *run.journal);
    (void)sampler.attach(0, started);
    std::this_thread::sleep_for(warm_up);
    for (int i = 0; i < 2; ++i) {
      if (i > 0) std::this_thread::sleep_for(between);
      ++frame->step;
      sampler.collect(*frame);
    }
    return frame;
  }
  static double value(const Frame& frame, Metric metric) {
    const auto column = static_cast<size_t>(frame.column(metric));
    EXPECT_TRUE(frame.has(column, 0)) << info(metric).field;
    return frame.number(column, 0);
  }
};

TEST_F(Stressed, a_known_load_is_the_cpu_share) {
  const auto frame =
      watch("exec stress-ng --cpu 1 --cpu-load 30 --cpu-load-slice 20 --timeout 30 --quiet", 1s, 4s);
  std::printf("CPU share %.1f %%, asked for 30\n", value(*frame, docker_cpu_usage_percent));
  EXPECT_NEAR(value(*frame, docker_cpu_usage_percent), 30, 6) << "stress-ng itself is true to about 2 points";
}

TEST_F(Stressed, known_memory_is_the_resident_one) {
  const auto frame = watch(
      "exec stress-ng --vm 1 --vm-bytes 64M --vm-keep --vm-method zero-one --timeout 30 --quiet", 3s, 500ms);
  const double mib = value(*frame, docker_memory_rss) / (1 << 20);
  std::printf("anonymous memory %.1f MiB, asked for 64\n", mib);
  EXPECT_GE(mib, 64 * 0.98);
  EXPECT_LE(mib, 64 + 16) << "the stressor's own pages";
  EXPECT_GE(value(*frame, docker_memory_usage), value(*frame, docker_memory_rss));
  EXPECT_GE(value(*frame, docker_pids), 2);
}

}  // namespace
}  // namespace cbench
