// What is written is read back, bit for bit and in order.
#include <fstream>

#include "compare.h"

namespace cbench {
namespace {

using namespace test;

void expect_round_trip(const Recording& run, size_t flush_every) {
  const TemporaryFolder folder;
  const std::string path = folder.file("run.arrows");
  ASSERT_NO_FATAL_FAILURE(write_run(path, run, flush_every));
  auto reader = TraceReader::open(path);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  expect_same(run.header, (*reader)->header());
  for (const Recorded& item : run.items) ASSERT_NO_FATAL_FAILURE(expect_next(**reader, item));
  expect_end(**reader, run.end);
  // Nothing but the trace is left in its folder.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1);
}

TEST(Trace, what_is_written_is_read_back_in_order_bit_for_bit) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomRun random(seed);
    const Recording run = random.make(random.below(80));
    ASSERT_NO_FATAL_FAILURE(expect_round_trip(run, random.below(10)));
  }
}

TEST(Trace, a_run_that_recorded_nothing_has_its_end) {
  RandomRun random(1);
  expect_round_trip(random.make(0), 0);
}

TEST(Trace, a_long_trace_is_compacted_into_few_batches_and_reads_the_same) {
  RandomRun random(7);
  Recording run = random.make(4000);
  const TemporaryFolder folder;
  const std::string closed = folder.file("closed.arrows"), cut = folder.file("cut.arrows");
  ASSERT_NO_FATAL_FAILURE(write_run(closed, run, 1));
  {
    auto writer = TraceWriter::create(cut, run.header);
    ASSERT_TRUE(writer.ok());
    for (const Recorded& item : run.items) {
      record(**writer, item);
      ASSERT_TRUE((*writer)->flush().ok());
    }
  }
  EXPECT_LT(std::filesystem::file_size(closed) * 4, std::filesystem::file_size(cut));
  for (const std::string& path : {closed, cut}) {
    auto reader = TraceReader::open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    for (const Recorded& item : run.items) ASSERT_NO_FATAL_FAILURE(expect_next(**reader, item));
  }
}

TEST(Trace, a_trace_without_its_end_reads_as_truncated) {
  RandomRun random(3);
  const Recording run = random.make(20);
  const TemporaryFolder folder;
  const std::string path = folder.file("run.arrows");
  {
    auto writer = TraceWriter::create(path, run.header);
    ASSERT_TRUE(writer.ok());
    for (const Recorded& item : run.items) record(**writer, item);
  }  // the writer's end writes what was collected
  auto reader = TraceReader::open(path);
  ASSERT_TRUE(reader.ok());
  for (const Recorded& item : run.items) ASSERT_NO_FATAL_FAILURE(expect_next(**reader, item));
  EXPECT_FALSE((*reader)->truncated());
  const auto after = (*reader)->next();
  ASSERT_TRUE(after.ok());
  EXPECT_FALSE(after->has_value());
  EXPECT_TRUE((*reader)->truncated());
}

TEST(Trace, rows_are_counted_as_they_are_recorded) {
  RandomRun random(5);
  Recording run = random.make(0);
  const TemporaryFolder folder;
  auto writer = TraceWriter::create(folder.file("run.arrows"), run.header);
  ASSERT_TRUE(writer.ok());
  Frame frame(run.header.columns, run.header.container_names.size());
  std::fill(frame.running.begin(), frame.running.end(), uint8_t{1});
  (*writer)->sample(frame);
  const auto sample_rows = static_cast<int64_t>(frame.slots() + 1);
  EXPECT_EQ((*writer)->rows(), sample_rows);
  ASSERT_TRUE((*writer)->flush().ok());
  (*writer)->event({});
  EXPECT_EQ((*writer)->rows(), sample_rows + 1);
  ASSERT_TRUE((*writer)->close(run.end).ok());
  EXPECT_EQ((*writer)->rows(), sample_rows + 2);
}

TEST(Trace, an_existing_file_is_never_overwritten) {
  const TemporaryFolder folder;
  const std::string path = folder.file("run.arrows");
  std::ofstream(path) << "precious";
  RandomRun random(1);
  const auto writer = TraceWriter::create(path, random.make(0).header);
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().exit, Exit::RunFailed);
  EXPECT_THAT(writer.error().message, testing::HasSubstr("exists already"));
  std::string kept;
  std::ifstream(path) >> kept;
  EXPECT_EQ(kept, "precious");
}

TEST(Trace, bytes_that_are_not_utf8_are_replaced_because_arrow_readers_refuse_them) {
  RandomRun random(1);
  Recording run = random.make(0);
  run.header.config_text =
      "a\xFF"
      "b";
  TraceEvent event;
  event.text = "x\xC0y";
  run.items = {event};
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(write_run(folder.file("run.arrows"), run, 0));
  auto reader = TraceReader::open(folder.file("run.arrows"));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->header().config_text,
            "a\xEF\xBF\xBD"
            "b");
  event.text = "x\xEF\xBF\xBDy";
  expect_next(**reader, event);
}

}  // namespace
}  // namespace cbench
