#include <array>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "compiler/image/bytes.h"
#include "compiler/image/code_image.h"
#include "compiler/image/request.h"

namespace cbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CodeImage some_image() {
  CodeImage image;
  image.code = std::string("\x90\x00\xc3", 3);
  image.entry = 1;
  image.texts = {"one", "", std::string("nul\0!", 5)};
  image.faults = {{"integer overflow", 7, {0, 3, 9}}};
  return image;
}

CodeRequest some_request() {
  CodeRequest request;
  request.policy = "policy p 1 \"x\"";
  plan::CodeLayout& layout = request.layout;
  layout.containers = {
      {.name = "a", .role = "r", .image = "i", .index = 3, .cores = 2, .critical = true},
      {.name = "b", .role = "", .image = "", .priority = true, .targets = {{Metric::app_latency_p95, 5e6}}}};
  layout.host = {.cpus = {0, 5},
                 .sockets = {{0, {0}}, {3, {5}}},
                 .domains = {{1, {0, 5}}},
                 .l3_ways = 11,
                 .closids = 16,
                 .l3_bytes = 1,
                 .memory_bytes = 2};
  layout.columns = {Metric::docker_pids};
  layout.streams = {{.value = 16, .n = 2, .hold_ns = {150, 300}}};
  layout.temporals = {{.base = 32, .stride = 48, .capacity = 1, .n = 2}};
  layout.states = {{80, 1, 3}};
  layout.measured = {Metric::docker_pids};
  layout.classes = {{.first = 1, .count = 2, .of_slot = {1, 2}}};
  layout.rules = {{.first = 96, .n = 1, .period_ns = 100, .frame = {{4, 112}}, .silent = true}};
  layout.trials = {128};
  return request;
}

TEST(code_image, it_is_the_same_after_a_round_trip) {
  const CodeImage before = some_image();
  const Result<CodeImage> after = code_image(to_bytes(before));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->code, before.code);
  EXPECT_EQ(after->entry, 1U);
  EXPECT_EQ(after->texts, before.texts);
  ASSERT_EQ(after->faults.size(), 1U);
  EXPECT_EQ(after->faults[0].what, "integer overflow");
  EXPECT_EQ(after->faults[0].line, 7U);
  EXPECT_EQ(after->faults[0].span, (Span{0, 3, 9}));
}

TEST(code_image, a_part_of_one_is_refused) {
  const std::string bytes = to_bytes(some_image());
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(code_image(bytes.substr(0, n)).ok()) << n;
  EXPECT_FALSE(code_image(bytes + "x").ok());
}

TEST(code_image, an_entry_outside_the_code_is_refused) {
  CodeImage image = some_image();
  image.entry = image.code.size();
  EXPECT_FALSE(code_image(to_bytes(image)).ok());
}

#if defined(__x86_64__)
TEST(loaded_code, it_runs_and_cannot_be_written) {
  CodeImage image;
  image.code = std::string("\xcc\xb8\x07\x00\x00\x00\xc3", 7);  // int3; mov eax, 7; ret
  image.entry = 1;
  const Result<LoadedCode> loaded = load(image);
  ASSERT_TRUE(loaded.ok());
  // A plain function type: what is called has no signature in front of it that a sanitizer could read.
  const auto call = [](abi::EntryFn entry)
                        __attribute__((no_sanitize("function"))) { return entry(nullptr, 0, 0); };
  EXPECT_EQ(call(loaded->entry), 7);
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<uintptr_t>(loaded->code.get()) << "-";
  std::ifstream maps("/proc/self/maps");
  std::string found;
  for (std::string line; std::getline(maps, line);)
    if (line.starts_with(begin.str())) found = line;
  EXPECT_THAT(found, HasSubstr(" r-xp "));
}
#endif

TEST(code_request, it_is_the_same_after_a_round_trip) {
  const std::string bytes = to_bytes(some_request());
  const Result<CodeRequest> after = code_request(bytes);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(to_bytes(*after), bytes);
  const plan::CodeLayout& layout = after->layout;
  EXPECT_THAT(layout.containers[1].targets, ElementsAre(std::pair(Metric::app_latency_p95, 5e6)));
  EXPECT_EQ(layout.states[0].size, 3U);
  EXPECT_THAT(layout.classes[0].of_slot, ElementsAre(1, 2));
  EXPECT_THAT(layout.host.cpus, ElementsAre(0, 5));
  EXPECT_THAT(layout.streams[0].hold_ns, ElementsAre(150, 300));
  EXPECT_THAT(layout.rules[0].frame, ElementsAre(std::pair(4U, 112U)));
  EXPECT_TRUE(layout.rules[0].silent);
}

TEST(code_request, each_difference_makes_another_one) {
  const std::string bytes = to_bytes(some_request());
  const auto differs = [&](auto change) {
    CodeRequest request = some_request();
    change(request);
    return to_bytes(request) != bytes;
  };
  EXPECT_TRUE(differs([](CodeRequest& r) { r.product = Product::Ir; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.policy += " "; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.containers[0].cores = 3; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.containers[1].targets.clear(); }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.host.cpus[1] = 6; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.columns[0] = Metric::docker_memory_usage; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.streams[0].before_ok = 1; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.temporals[0].capacity = 2; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.states[0].base = 81; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.states[0].size = 4; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.measured.clear(); }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.classes[0].count = 1; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.rules[0].silent = false; }));
  EXPECT_TRUE(differs([](CodeRequest& r) { r.layout.trials[0] = 0; }));
}

TEST(code_request, damage_is_found) {
  const std::string bytes = to_bytes(some_request());
  for (size_t n = 0; n < bytes.size(); ++n) {
    std::string damaged = bytes;
    damaged[n] = static_cast<char>(damaged[n] ^ 1);
    EXPECT_FALSE(code_request(damaged).ok()) << n;
    EXPECT_FALSE(code_request(bytes.substr(0, n)).ok()) << n;
  }
}

TEST(code_request, another_version_is_told) {
  const Result<CodeRequest> request =
      code_request(sealed(ByteWriter().put(std::string("cbench 0 abi 0")).take()));
  ASSERT_FALSE(request.ok());
  EXPECT_THAT(request.error().message, HasSubstr("different versions"));
}

TEST(code_answer, an_error_stays_one) {
  EXPECT_EQ(*code_answer(to_bytes(CodeAnswer(std::string("code")))), "code");
  const CodeAnswer answer = code_answer(to_bytes(CodeAnswer(Error{Exit::RunFailed, "what", "why"})));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().message, "what");
  EXPECT_EQ(answer.error().hint, "why");
  EXPECT_THAT(code_answer("nonsense").error().message, HasSubstr("damaged"));
}

}  // namespace
}  // namespace cbench
