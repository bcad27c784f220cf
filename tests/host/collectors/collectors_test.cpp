// link: runtime.collectors
// The perf and docker collectors against this machine's kernel: a busy process in cgroups of its own,
// compared with what /proc says about the same process.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/host/files.h"
#include "tests/support/sampled.h"

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace cbench {
namespace {

using enum Metric;

const std::vector<std::string>& kHierarchies = kHybridHierarchies;

[[noreturn]] void spin() {
  for (volatile uint64_t i = 0;; i = i + 1) {
  }
}

/// Writes to each page. Without the address sanitizer, whose shadow memory would fault as well.
__attribute__((no_sanitize("address"))) void touch(void* memory, size_t pages, size_t page) {
  for (size_t i = 0; i < pages; ++i) static_cast<volatile char*>(memory)[i * page] = 1;
}

/// CPU time of a process in ns, by /proc/PID/schedstat (exact) or /proc/PID/stat's ticks where the kernel
/// lacks that.
int64_t cpu_ns(pid_t pid) {
  const std::string exact = read_line(fmt::format("/proc/{}/schedstat", pid));
  if (const auto ns = parse_number(exact.substr(0, exact.find(' '))); ns && *ns > 0)
    return static_cast<int64_t>(*ns);
  std::string stat = read_line(fmt::format("/proc/{}/stat", pid));
  std::istringstream words(stat.substr(stat.rfind(')') + 2));
  std::string word;
  for (int i = 0; i < 11; ++i) words >> word;
  int64_t user = 0, system = 0;
  words >> user >> system;
  return (user + system) * (1'000'000'000 / ::sysconf(_SC_CLK_TCK));
}

/// A process's CPU time and when it was read.
struct Moment {
  explicit Moment(pid_t pid)
      : cpu(cpu_ns(pid)), time(std::chrono::steady_clock::now().time_since_epoch().count()) {}
  int64_t cpu, time;
};

class Collectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!CgroupChild::possible(kHierarchies))
      GTEST_SKIP() << "needs a hybrid host and the right to make cgroups";
  }
};

TEST_F(Collectors, cpu_figures_of_a_busy_process_agree_with_proc_and_with_each_other) {
  const CgroupChild child(kHierarchies, spin);
  Sampled container(child);
  // /proc is read on both sides of each sample, so that the truth is an interval however long the scheduler
  // lets us wait.
  const Moment before_first(child.pid);
  container.collect();
  const Moment after_first(child.pid);
  EXPECT_EQ(container.status(docker_cpu_usage_percent), Status::Unavailable);
  EXPECT_EQ(container.status(perf_task_clock), Status::Unavailable);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_LT(std::chrono::steady_clock::now(), deadline)
        << "the machine gave the busy loop no time to speak of";
  } while (cpu_ns(child.pid) - after_first.cpu < 1'000'000'000);
  const Moment before_second(child.pid);
  container.collect();
  const Moment after_second(child.pid);
  constexpr double kTicks =
      20e6;  // the kernel accounts a running task's time at its ticks, at most 10 ms apart
  const double least = static_cast<double>(before_second.cpu - after_first.cpu) - kTicks;
  const double most = static_cast<double>(after_second.cpu - before_first.cpu) + kTicks;
  for (const Metric clock : {perf_task_clock, perf_cpu_clock}) {
    EXPECT_GE(container[clock], least) << info(clock).field;
    EXPECT_LE(container[clock], most) << info(clock).field;
  }
  EXPECT_GE(container[docker_cpu_usage_percent],
            100 * least / static_cast<double>(after_second.time - before_first.time));
  EXPECT_LE(container[docker_cpu_usage_percent],
            100 * most / static_cast<double>(before_second.time - after_first.time));
  EXPECT_DOUBLE_EQ(container[perf_running_ratio], 1);
  EXPECT_GE(container[docker_cpu_usage_user], container[docker_cpu_usage_kernel]);
  EXPECT_EQ(container[docker_pids], 1);
  EXPECT_GE(container[docker_assigned_cores], 1);
  EXPECT_EQ(static_cast<uint64_t>(container[docker_memory_limit]), container.facts.memory_bytes);
  EXPECT_GT(container[docker_cpu_pressure_some], -1);
  EXPECT_EQ(container.status(docker_network_rx_bytes), Status::Unsupported)
      << "the process shares our network";
}

TEST_F(Collectors, an_idle_process_has_counted_zero_and_was_not_missed) {
  const CgroupChild child(kHierarchies, [] {
    for (;;) ::pause();
  });
  Sampled container(child);
  container.collect();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  container.collect();
  EXPECT_EQ(container.status(perf_task_clock), Status::Ok);
  EXPECT_EQ(container[perf_task_clock], 0);
  EXPECT_EQ(container[perf_page_faults], 0);
  EXPECT_LT(container[docker_cpu_usage_percent], 1);
  EXPECT_EQ(container.status(perf_running_ratio), Status::Unavailable);
}

TEST_F(Collectors, page_faults_and_memory_of_a_known_loop_are_counted) {
  constexpr size_t kPages = 2000, kPage = 4096;
  int go[2], done[2];
  ASSERT_EQ(::pipe(go) | ::pipe(done), 0);
  const CgroupChild child(kHierarchies, [&] {
    char byte = 0;
    void* memory =
        ::mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ::madvise(memory, kPages * kPage, MADV_NOHUGEPAGE);
    while (::read(go[0], &byte, 1) == 1) {
      touch(memory, kPages, kPage);
      (void)!::write(done[1], &byte, 1);
    }
  });
  Sampled container(child);
  container.collect();
  const double faults_before = container[docker_pgfault], rss_before = container[docker_memory_rss];
  char byte = 1;
  ASSERT_EQ(::write(go[1], &byte, 1), 1);
  pollfd ready{done[0], POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 20'000), 1);
  container.collect();
  EXPECT_GE(container[perf_page_faults], kPages);
  EXPECT_LE(container[perf_page_faults], kPages + 50);
  EXPECT_EQ(container[perf_page_faults], container[perf_minor_faults] + container[perf_major_faults]);
  EXPECT_GE(container[docker_pgfault] - faults_before, 0.9 * kPages) << "v1 counts in batches per CPU";
  EXPECT_NEAR(container[docker_memory_rss] - rss_before, kPages * kPage, 0.1 * kPages * kPage);
  EXPECT_GT(container[docker_memory_usage_percent], 0);
  for (const int fd : {go[0], go[1], done[0], done[1]}) ::close(fd);
}

TEST_F(Collectors, collecting_allocates_nothing) {
  const CgroupChild child(kHierarchies, spin);
  Sampled container(child);
  container.collect();
  const int64_t before = allocations.load();
  for (int i = 0; i < 5; ++i) container.collect();
  EXPECT_EQ(allocations.load(), before);
}

TEST_F(Collectors, a_container_that_is_gone_is_stopped_and_leaves_no_descriptor_open) {
  const auto open_files = [] {
    size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
      n += entry.exists() ? 1 : 0;
    return n;
  };
  CgroupChild child(kHierarchies, spin);
  Sampled container(child);
  const size_t attached = open_files();
  container.collect();
  child.end();
  container.collect();
  EXPECT_EQ(container.status(docker_cpu_usage_total), Status::Stopped);
  EXPECT_EQ(container.status(docker_cpu_usage_percent), Status::Stopped);
  EXPECT_EQ(container.status(docker_memory_usage), Status::Stopped);
  container.sampler->detach(0);
  EXPECT_LE(open_files() + 20, attached);
}

TEST_F(Collectors, software_events_work_here_and_what_does_not_is_explained) {
  const CgroupChild child(kHierarchies, spin);
  Sampled container(child);
  for (const std::string& line : container.lines) EXPECT_NE(line.find(';'), std::string::npos) << line;
  HostFacts facts = container.facts;
  probe_metrics(container.spec.containers[0].sampling.enabled, facts);
  container.collect();
  container.collect();
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (info(metric).group != MetricGroup::perf || info(metric).kind == MetricKind::Derived) continue;
    EXPECT_EQ(container.status(metric) == Status::Unsupported, facts.unavailable.contains(metric))
        << info(metric).field;
    if (info(metric).source.starts_with("sw:"))
      EXPECT_EQ(container.status(metric), Status::Ok) << info(metric).field;
  }
}

}  // namespace
}  // namespace cbench
