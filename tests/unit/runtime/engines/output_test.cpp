// Docker's multiplexed output, cut anywhere, and the log files.
#include "runtime/engines/output.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <gtest/gtest.h>

namespace cbench {
namespace {

std::string frame(char stream, const std::string& text) {
  const size_t n = text.size();
  return std::string({stream, 0, 0, 0, static_cast<char>(n >> 24), static_cast<char>(n >> 16),
                      static_cast<char>(n >> 8), static_cast<char>(n)}) +
         text;
}

TEST(OutputDemux, gives_the_same_bytes_however_the_stream_is_cut) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::string stream, expected[2], got[2];
    for (int i = 0; i < 20; ++i) {
      const size_t which = random() % 2;
      const std::string text(random() % 700, static_cast<char>('a' + i));
      stream += frame(static_cast<char>(which + 1), text);
      expected[which] += text;
    }
    OutputDemux demux([&](size_t which, std::string_view bytes) { got[which] += bytes; });
    for (size_t at = 0; at < stream.size();) {
      const size_t take = std::min<size_t>(stream.size() - at, 1 + random() % 50);
      ASSERT_TRUE(demux.feed(std::string_view(stream).substr(at, take)));
      at += take;
    }
    EXPECT_EQ(got[0], expected[0]);
    EXPECT_EQ(got[1], expected[1]);
  }
}

TEST(OutputDemux, refuses_text_that_has_no_frames) {
  OutputDemux demux([](size_t, std::string_view) { FAIL(); });
  EXPECT_FALSE(demux.feed("OCI runtime exec failed"));
}

TEST(PlainName, keeps_letters_digits_dots_and_dashes) {
  EXPECT_EQ(plain_name("a.b_c-D9"), "a.b_c-D9");
  EXPECT_EQ(plain_name("../etc pass/é"), "..-etc-pass---");
}

TEST(OutputFiles, are_emptied_and_appended_to) {
  char name[] = "/tmp/cbench-output-XXXXXX";
  const std::string folder = std::string(mkdtemp(&name[0])) + "/deep/er";
  for (int round = 0; round < 2; ++round) {
    auto files = OutputFiles::open(folder, "a/b");
    ASSERT_TRUE(files) << files.error().message;
    (*files)->write(0, "one ");
    (*files)->write(1, "bad");
    (*files)->write(0, "two");
    EXPECT_EQ((*files)->trouble(), "");
  }
  std::ifstream out(folder + "/a-b.stdout");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(out), {}), "one two");
  std::filesystem::remove_all(&name[0]);
}

TEST(OutputFiles, a_folder_that_cannot_be_made_is_an_error_with_its_path) {
  const auto files = OutputFiles::open("/proc/nowhere", "x");
  ASSERT_FALSE(files);
  EXPECT_NE(files.error().message.find("/proc/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace cbench
