// Texts that are too large, too deep or too clever: refused soon, with a message that says why.
#include <chrono>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "reading.h"

namespace cbench {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHead = "benchmark: {name: x, max_t: 10}\ndata: {frequency: 100, docker: true}\n";

std::string repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

/// The messages of a text that is refused within seconds, also by a slow build on a busy machine.
std::string refused(const std::string& text) {
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome(text, {});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_FALSE(outcome.spec);
  EXPECT_TRUE(outcome.diagnostics.has_errors());
  return outcome.text();
}

TEST(a_hostile_configuration, of_16_MiB_is_refused_with_its_size) {
  const std::string text = std::string(kHead) + repeated("# nothing but comments\n", (16U << 20U) / 23);
  const std::string message = refused(text);
  EXPECT_THAT(message, HasSubstr("bench.yml:1:1: error[CB0401]: the file is longer than 1 MiB"));
  EXPECT_THAT(message, HasSubstr(std::to_string(text.size())));
  EXPECT_THAT(message, HasSubstr("is it the right file?"));
}

TEST(a_hostile_configuration, may_have_1_MiB_and_not_a_byte_more) {
  std::string text = std::string(kHead) + "a: {image: x}\n#";
  text.resize(1U << 20U, '.');
  const Outcome outcome(text, {});
  EXPECT_TRUE(outcome.spec) << outcome.text().substr(0, 1000);
  EXPECT_THAT(refused(text + "."), HasSubstr("1048577 bytes"));
}

TEST(a_hostile_configuration, with_a_hundred_thousand_keys_is_refused_and_the_first_one_too_many_is_named) {
  std::string top, environment = std::string(kHead) + "a:\n  image: x\n  environment:\n";
  for (int i = 0; i < 100'000; ++i) {
    top += fmt::format("k{}: \n", i);
    environment += fmt::format("   {}:\n", i);
  }
  EXPECT_THAT(refused(top),
              HasSubstr("bench.yml:100000:1: error[CB0401]: the file has more than 100000 values"));
  EXPECT_THAT(refused(environment), HasSubstr("the file has more than 100000 values"));
  EXPECT_THAT(refused(repeated("- x\n", 200'000)), HasSubstr("the file has more than 100000 values"));
}

TEST(a_hostile_configuration, with_very_many_containers_is_refused_at_the_first_one_too_many) {
  std::string text(kHead);
  for (int i = 0; i < 10'000; ++i) text += fmt::format("c{}: {{image: x}}\n", i);
  EXPECT_THAT(refused(text), HasSubstr("bench.yml:1027:1: error[CB0406]: a run has at most 1024 containers"));
}

TEST(a_hostile_configuration, that_is_nested_without_end_is_refused_whatever_it_is_nested_of) {
  for (const char* level : {"[", "{a: ", "- ", "? ", "!!map {? ", "- - ? ", "{? [", "{: "})
    EXPECT_THAT(refused(repeated(level, 100'000)), HasSubstr("error[CB0401]")) << level;
  std::string block;
  for (int i = 0; i < 1000; ++i) block += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(refused(block), HasSubstr("more than 64 levels"));
}

TEST(a_hostile_configuration, that_makes_the_parser_look_back_is_refused_in_time) {
  for (const char* part :
       {"a: &a ",  "*a ",  "'",        "\"",         "|\n",   "%TAG ",   "---\n",       "...\n",
        ",",       "}",    "<<: *a\n", "&a &b ",     "a b ",  "\\",      "!<",          "x,",
        "[x, ",    "# \n", "\r",       "?\n",        ": ",    "{a: b: ", "a: &a {x}, ", "{} ",
        "{a: 1} ", "[]: ", "- [a]\n",  "a: |\n b\n", "\"\": "})
    refused(repeated(part, 200'000 / std::string_view(part).size()));
}

TEST(a_hostile_configuration, whose_aliases_explode_is_refused_where_they_do) {
  std::string text(kHead);
  text += "x0: &x0 {image: x, environment: {A: b}}\n";
  for (int i = 1; i < 20; ++i)
    text += fmt::format("x{0}: &x{0} {{image: x, environment: [*x{1}, *x{1}, *x{1}, *x{1}]}}\n", i, i - 1);
  EXPECT_THAT(refused(text), HasSubstr("the file has more than 100000 values, aliases counted"));
}

TEST(a_hostile_configuration, whose_variables_explode_is_refused_where_they_do) {
  const std::string big(1U << 20U, 'x');
  std::string text(kHead);
  text += "a: {image: x, environment: {";
  for (int i = 0; i < 20; ++i) text += fmt::format("A{}: \"${{BIG}}\", ", i);
  const Outcome outcome(text + "}}\n", {{"BIG", big}});
  EXPECT_FALSE(outcome.spec);
  EXPECT_THAT(outcome.text(), HasSubstr("the values of this file have more than 16777216 bytes"));
  EXPECT_LT(outcome.text().size(), 10'000U);
}

TEST(a_hostile_configuration, does_not_fill_the_screen_with_what_it_is_made_of) {
  const std::string word(100'000, 'w');
  for (const std::string& text :
       {"\"" + word + "\": {image: x}\n", std::string(kHead) + "a: {image: x, core: " + word + "}\n",
        std::string(kHead) + "a: {image: x, volumes: " + word + ", port: " + word + ", pull: " + word + "}\n",
        "benchmark: {name: x, max_t: " + word + ", scheduler: {implementation: " + word + "}}\n"}) {
    EXPECT_LT(refused(text).size(), 4000U);
    EXPECT_THAT(refused(text), Not(HasSubstr(std::string(500, 'w'))));
  }
}

}  // namespace
}  // namespace cbench
