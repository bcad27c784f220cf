// A writer that is killed, and a disk that is full.
#include <chrono>
#include <csignal>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>

#include "compare.h"

namespace cbench {
namespace {

using namespace test;

TEST(TraceCrash, every_batch_that_was_flushed_survives_a_kill) {
  RandomRun random(31);
  const Recording run = random.make(400);
  const TemporaryFolder folder;
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(round);
    const std::string path = folder.file("killed" + std::to_string(round));
    int channel[2];
    ASSERT_EQ(::pipe(channel), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto writer = TraceWriter::create(path, run.header);
      if (!writer) ::_exit(1);
      for (uint32_t i = 0;; ++i) {
        record(**writer, run.items[i % run.items.size()]);
        if (i % 3 != 2) continue;
        const uint32_t flushed = i + 1;
        if (!(*writer)->flush() || ::write(channel[1], &flushed, sizeof flushed) != sizeof flushed)
          ::_exit(2);
      }
    }
    ::close(channel[1]);
    // Wait until it writes, then kill it at some moment.
    uint32_t flushed = 0, last = 0;
    ASSERT_EQ(::read(channel[0], &flushed, sizeof flushed), static_cast<ssize_t>(sizeof flushed));
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(20000)));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself: " << WEXITSTATUS(status);
    while (::read(channel[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) flushed = last;
    ::close(channel[0]);

    auto reader = TraceReader::open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    for (uint32_t i = 0; i < flushed; ++i)
      ASSERT_NO_FATAL_FAILURE(expect_next(**reader, run.items[i % run.items.size()]));
    // One more batch may have been written before its message to us.
    size_t more = 0;
    for (;;) {
      const auto item = (*reader)->next();
      ASSERT_TRUE(item.ok()) << item.error().message;
      if (!item->has_value()) break;
      ++more;
    }
    EXPECT_TRUE(more == 0 || more == 3) << more;
    EXPECT_TRUE((*reader)->truncated());
  }
}

// Limits the size of files that this process may write, which fails writes as a full disk does.
class FullDisk {
 public:
  explicit FullDisk(size_t size) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{size, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(TraceCrash, rows_of_a_failed_write_are_kept_and_written_by_the_next) {
  RandomRun random(41);
  const Recording run = random.make(60);
  const TemporaryFolder folder;
  const std::string path = folder.file("run.arrows");
  auto writer = TraceWriter::create(path, run.header);
  ASSERT_TRUE(writer.ok());
  for (size_t i = 0; i < 20; ++i) record(**writer, run.items[i]);
  ASSERT_TRUE((*writer)->flush().ok());
  const size_t size = std::filesystem::file_size(path);
  {
    const FullDisk full(size + 1000);  // a part of the next batch fits
    for (size_t i = 20; i < 60; ++i) {
      record(**writer, run.items[i]);
      if (i % 10 != 0) continue;
      const auto flushed = (*writer)->flush();
      ASSERT_FALSE(flushed.ok());
      EXPECT_EQ(flushed.error().exit, Exit::RunFailed);
      EXPECT_THAT(flushed.error().message, testing::HasSubstr(path));
      EXPECT_THAT(flushed.error().hint, testing::HasSubstr("free some space"));
      EXPECT_EQ(std::filesystem::file_size(path), size) << "half a batch was left";
    }
    EXPECT_FALSE((*writer)->close(run.end).ok());
  }
  ASSERT_TRUE((*writer)->close(run.end).ok());
  auto reader = TraceReader::open(path);
  ASSERT_TRUE(reader.ok());
  for (const Recorded& item : run.items) ASSERT_NO_FATAL_FAILURE(expect_next(**reader, item));
  expect_end(**reader, run.end);
}

TEST(TraceCrash, a_trace_that_cannot_be_compacted_stays_complete) {
  RandomRun random(43);
  const Recording run = random.make(200);
  const TemporaryFolder folder;
  const std::string path = folder.file("run.arrows");
  auto writer = TraceWriter::create(path, run.header);
  ASSERT_TRUE(writer.ok());
  for (const Recorded& item : run.items) {
    record(**writer, item);
    ASSERT_TRUE((*writer)->flush().ok());
  }
  {
    // Without a further file descriptor there is no temporary file, as on a disk without a free inode.
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto closed = (*writer)->close(run.end);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(closed.ok()) << closed.error().message;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1);
  auto reader = TraceReader::open(path);
  ASSERT_TRUE(reader.ok());
  for (const Recorded& item : run.items) ASSERT_NO_FATAL_FAILURE(expect_next(**reader, item));
  expect_end(**reader, run.end);
}

TEST(TraceCrash, memory_is_bounded_while_nothing_can_be_written_and_the_loss_is_told) {
  RandomRun random(47);
  Recording run = random.make(0);
  const TemporaryFolder folder;
  const std::string path = folder.file("run.arrows");
  auto writer = TraceWriter::create(path, run.header);
  ASSERT_TRUE(writer.ok());
  Frame frame(run.header.columns, run.header.container_names.size());
  const int64_t steps = 400'000;
  {
    const FullDisk full(std::filesystem::file_size(path));
    for (int64_t step = 1; step <= steps; ++step) {
      frame.step = step;
      (*writer)->sample(frame);
    }
    const auto flushed = (*writer)->flush();
    ASSERT_FALSE(flushed.ok());
    EXPECT_THAT(flushed.error().message, testing::HasSubstr("rows are lost"));
  }
  ASSERT_TRUE((*writer)->close(run.end).ok());
  auto reader = TraceReader::open(path);
  ASSERT_TRUE(reader.ok());
  int64_t read = 0, lost = 0;
  for (;;) {
    const auto item = (*reader)->next();
    ASSERT_TRUE(item.ok()) << item.error().message;
    if (!item->has_value()) break;
    if (std::holds_alternative<SampleMark>(**item)) EXPECT_EQ((*reader)->frame().step, ++read);
    if (const auto* event = std::get_if<TraceEvent>(&**item)) {
      EXPECT_EQ(event->kind, EventKind::MissedSteps);
      lost += event->code;
    }
  }
  EXPECT_GT(lost, 0);
  EXPECT_EQ(read + lost, steps);
  EXPECT_LT(std::filesystem::file_size(path), size_t{40} << 20);
}

}  // namespace
}  // namespace cbench
