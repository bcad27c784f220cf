// Damaged, cut, foreign and newer files: never a crash, always a clear answer.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "compare.h"
#include "runtime/trace/encode.h"
#include "runtime/trace/header.h"
#include "runtime/trace/schema.h"

namespace cbench {
namespace {

using namespace test;
using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A small run in three batches, uncompacted, and its bytes.
struct SmallTrace {
  TemporaryFolder folder;
  Recording run;
  std::string bytes;
  std::vector<size_t> batch_ends;   // sizes of the file after each flush
  std::vector<size_t> items_after;  // items in it by then

  SmallTrace() {
    RandomRun random(11);
    run = random.make(9);
    run.header.columns.resize(std::min<size_t>(run.header.columns.size(), 3));
    for (Recorded& item : run.items)
      if (auto* frame = std::get_if<Frame>(&item)) *frame = narrowed(*frame);
    const std::string path = folder.file("small.arrows");
    auto writer = TraceWriter::create(path, run.header);
    EXPECT_TRUE(writer.ok());
    for (size_t i = 0; i < run.items.size(); ++i) {
      record(**writer, run.items[i]);
      if (i % 3 != 2) continue;
      EXPECT_TRUE((*writer)->flush().ok());
      batch_ends.push_back(std::filesystem::file_size(path));
      items_after.push_back(i + 1);
    }
    bytes = read_file(path);
  }

  // The frame with the run's columns only.
  [[nodiscard]] Frame narrowed(const Frame& from) const {
    Frame to(run.header.columns, from.slots());
    to.step = from.step;
    to.running = from.running;
    for (size_t c = 0; c < to.columns().size(); ++c)
      for (size_t row = 0; row <= to.slots(); ++row)
        to.set_i64(c, row, from.i64(c, row), from.status(c, row));
    return to;
  }
};

// Items that can be read, and the error that ended it.
struct Outcome {
  size_t items = 0;
  std::optional<Error> error;
  bool truncated = false;
};

Outcome read_all(const std::string& path) {
  Outcome outcome;
  auto reader = TraceReader::open(path);
  if (!reader) {
    outcome.error = reader.error();
    return outcome;
  }
  for (;;) {
    auto item = (*reader)->next();
    if (!item) {
      outcome.error = item.error();
      EXPECT_FALSE((*reader)->next().ok()) << "an error stays";
      return outcome;
    }
    if (!item->has_value()) break;
    ++outcome.items;
  }
  outcome.truncated = (*reader)->truncated();
  return outcome;
}

TEST(TraceDamage, a_file_cut_at_any_byte_gives_all_complete_batches) {
  const SmallTrace trace;
  const std::string path = trace.folder.file("cut.arrows");
  size_t headless = 0;
  write_file(path, trace.bytes);
  for (size_t size = trace.bytes.size() + 1; size-- > 0;) {
    std::filesystem::resize_file(path, size);
    const Outcome outcome = read_all(path);
    if (outcome.error) {
      ++headless;
      EXPECT_EQ(outcome.items, 0u);
      EXPECT_EQ(outcome.error->exit, Exit::Invalid);
      ASSERT_LT(size, trace.batch_ends[0]) << outcome.error->message;
      continue;
    }
    EXPECT_TRUE(outcome.truncated);
    size_t expected = 0;
    for (size_t i = 0; i < trace.batch_ends.size(); ++i)
      if (size >= trace.batch_ends[i]) expected = trace.items_after[i];
    ASSERT_EQ(outcome.items, expected) << "cut at byte " << size;
  }
  EXPECT_GT(headless, 0u);
}

// A flipped bit is either found or harmless: it never changes what is read.
TEST(TraceDamage, a_flipped_bit_is_told_with_its_place_or_changes_nothing) {
  const SmallTrace trace;
  const std::string path = trace.folder.file("flipped.arrows");
  RandomRun random(23);
  size_t found = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = trace.bytes;
    const size_t at = random.below(bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
    write_file(path, bytes);
    auto reader = TraceReader::open(path);
    if (!reader) {
      ++found;
      EXPECT_EQ(reader.error().exit, Exit::Invalid);
      continue;
    }
    expect_same(trace.run.header, (*reader)->header());
    for (const Recorded& recorded : trace.run.items) {
      auto item = (*reader)->next();
      if (!item) {
        ++found;
        EXPECT_THAT(item.error().message, HasSubstr("is damaged at byte"));
        EXPECT_FALSE(item.error().hint.empty());
        break;
      }
      if (!item->has_value()) {
        EXPECT_TRUE((*reader)->truncated());
        break;
      }
      if (std::holds_alternative<SampleMark>(**item))
        expect_same(std::get<Frame>(recorded), (*reader)->frame());
      else if (const auto* decision = std::get_if<Decision>(&**item))
        expect_same(std::get<Decision>(recorded), *decision);
      else if (const auto* event = std::get_if<TraceEvent>(&**item))
        expect_same(std::get<TraceEvent>(recorded), *event);
    }
    ASSERT_FALSE(HasFailure()) << "bit flipped at byte " << at;
  }
  EXPECT_GT(found, 1000u);
}

// Without its checksum, as another program writes it, a file's structure is all that is checked: it has to
// hold alone.
TEST(TraceDamage, no_byte_of_a_file_without_checksums_is_trusted) {
  const SmallTrace trace;
  std::string plain = trace.bytes;
  const std::string key = "cbench.crc32c";
  for (size_t at = plain.find(key); at != std::string::npos; at = plain.find(key, at))
    plain[at + key.size() - 1] = 'x';
  const std::string path = trace.folder.file("plain.arrows");
  write_file(path, plain);
  EXPECT_EQ(read_all(path).items, trace.run.items.size());
  RandomRun random(29);
  size_t read = 0, refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = plain;
    for (size_t edits = 1 + random.below(3); edits > 0; --edits) {
      // Small steps move offsets by less than their alignment.
      char& byte = bytes[random.below(bytes.size())];
      byte = static_cast<char>(random.below(2) == 0 ? byte + 4 : static_cast<int>(random.below(256)));
    }
    write_file(path, bytes);
    const Outcome outcome = read_all(path);
    (outcome.error ? refused : read) += 1;
    if (outcome.error) EXPECT_EQ(outcome.error->exit, Exit::Invalid);
  }
  EXPECT_GT(read, 100u);
  EXPECT_GT(refused, 100u);
}

TEST(TraceDamage, bytes_after_the_end_are_damage) {
  RandomRun random(2);
  const Recording run = random.make(5);
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(write_run(folder.file("a"), run, 0));
  const std::string bytes = read_file(folder.file("a"));
  write_file(folder.file("twice"), bytes + bytes);
  const Outcome outcome = read_all(folder.file("twice"));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.items, run.items.size() + 1);
  EXPECT_THAT(outcome.error->message, HasSubstr("damaged at byte " + std::to_string(bytes.size())));
}

TEST(TraceDamage, files_that_are_no_traces_are_told_apart) {
  const TemporaryFolder folder;
  const std::string path = folder.file("other");
  const auto message_of = [&](const std::string& bytes) {
    write_file(path, bytes);
    const auto reader = TraceReader::open(path);
    return reader.ok() ? "it was read" : reader.error().message;
  };
  EXPECT_THAT(message_of(""), HasSubstr("it is empty"));
  EXPECT_THAT(message_of("benchmark:\n  name: x\n"), HasSubstr("no Arrow stream begins in it"));
  EXPECT_THAT(message_of(std::string("ARROW1\0\0", 8)), HasSubstr("it is an Arrow file"));

  trace::Bytes foreign;
  trace::append_schema({{"x", trace::Type::I64, true, {}}}, {{"pandas", "{}"}}, foreign);
  EXPECT_THAT(message_of({foreign.begin(), foreign.end()}), HasSubstr("not a trace of cbench"));

  EXPECT_FALSE(TraceReader::open(folder.file("absent")).ok());
  EXPECT_FALSE(TraceReader::open(folder.path).ok());
}

std::string with_metadata(const std::string& path, const trace::Metadata& metadata,
                          const std::vector<Metric>& columns) {
  trace::Bytes bytes;
  trace::append_schema(trace::trace_fields(columns), metadata, bytes);
  write_file(path, {bytes.begin(), bytes.end()});
  const auto reader = TraceReader::open(path);
  return reader.ok() ? "it was read" : reader.error().message;
}

TEST(TraceDamage, a_newer_version_and_unknown_or_absent_header_fields_are_refused) {
  const TemporaryFolder folder;
  RandomRun random(4);
  const TraceHeader header = random.make(0).header;
  const trace::Metadata good = trace::to_metadata(header);
  const std::string path = folder.file("x");
  EXPECT_EQ(with_metadata(path, good, header.columns), "it was read");
  EXPECT_THAT(with_metadata(path, good, {}), HasSubstr("columns are not those of a trace"));
  for (size_t i = 0; i < good.size(); ++i) {
    trace::Metadata changed = good;
    constexpr std::string_view kMayBeAbsent[] = {"cbench.statuses", "cbench.observer",  // for people only
                                                 "cbench.imports", "cbench.seed", "cbench.time_scale"};
    if (std::find(std::begin(kMayBeAbsent), std::end(kMayBeAbsent), good[i].first) != std::end(kMayBeAbsent))
      continue;
    if (good[i].first == "cbench.trace_version") {
      changed[i].second = std::to_string(kTraceVersion + 1);
      EXPECT_THAT(with_metadata(path, changed, header.columns), HasSubstr("this cbench reads up to"));
      continue;
    }
    changed.erase(changed.begin() + static_cast<ptrdiff_t>(i));
    // Without the names of one's own metrics the columns are not understood.
    const std::string blamed = good[i].first == "cbench.own_metrics" ? "cbench.columns" : good[i].first;
    EXPECT_THAT(with_metadata(path, changed, header.columns), HasSubstr("`" + blamed + "`")) << good[i].first;
  }
  for (auto& [key, value] : trace::Metadata(good)) {
    if (key != "cbench.columns") continue;
    trace::Metadata changed = good;
    for (auto& pair : changed)
      if (pair.first == key) pair.second = R"(["docker_of_tomorrow"])";
    EXPECT_THAT(with_metadata(path, changed, header.columns),
                HasSubstr("does not know the metric `docker_of_tomorrow`"));
  }
}

}  // namespace
}  // namespace cbench
