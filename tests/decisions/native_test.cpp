// Code from the generator's process and from the cache, against code made in this one.
#include "compiler/native/native.h"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>

#include "scene.h"

namespace cbench::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kPolicy = R"(
state n: int = 0
stream load(c) = avg(c.docker.cpu_usage_percent over 300ms, min 2)
when load(c) > 50% each c in all {
  n += 1
  annotate c "{n}: {why}"
}
)";

class code_made_elsewhere : public testing::Test {
 protected:
  code_made_elsewhere() {
    char made[] = "/tmp/cbench-cache-XXXXXX";
    folder = mkdtemp(made);
    setenv("XDG_CACHE_HOME", folder.c_str(), 1);
  }
  ~code_made_elsewhere() override {
    unsetenv("XDG_CACHE_HOME");
    fs::remove_all(folder);
  }

  static std::vector<std::string> decisions(const Codegen& codegen) {
    Scene s({"A", "B"});
    s.codegen = codegen;
    s.play(policy(kPolicy));
    for (int i = 0; i < 12; ++i) s.step({{"A", kCpu, i % 5 * 30.0}, {"B", kCpu, i * 9.0}});
    return s.log;
  }

  fs::path folder;
};

TEST_F(code_made_elsewhere, a_child_and_the_cache_give_the_code_of_this_process) {
  const std::vector<std::string> here = decisions(generate);
  EXPECT_GT(here.size(), 3U);
  EXPECT_EQ(decisions(native_codegen()), here);
  EXPECT_FALSE(fs::is_empty(folder / "cbench/code"));
  EXPECT_EQ(decisions(native_codegen()), here);
}

TEST_F(code_made_elsewhere, code_is_the_same_to_the_byte) {
  Codegen both = [](const std::string& request) {
    CodeAnswer answer = generate(request);
    EXPECT_EQ(*native_codegen()(request), *answer);
    EXPECT_EQ(*generate(request), *answer);
    return answer;
  };
  EXPECT_FALSE(decisions(both).empty());
}

TEST_F(code_made_elsewhere, a_layout_that_is_not_the_policys_is_refused) {
  CodeRequest request{.policy = policy("every 1s { log info \"x\" }"), .layout = {}};
  EXPECT_THAT(generate(to_bytes(request)).error().message, HasSubstr("in another way"));
  request.policy = "no policy";
  EXPECT_THAT(generate(to_bytes(request)).error().message, HasSubstr("in another way"));
}

TEST_F(code_made_elsewhere, a_generator_that_fails_is_a_diagnostic) {
  Scene s({"A"});
  s.codegen = [](const std::string&) {
    return CodeAnswer(Error{Exit::HostLacks, "it is missing", "get it"});
  };
  EXPECT_THAT(s.compile(policy(kPolicy)),
              testing::AllOf(HasSubstr("error[CB0308]: it is missing"), HasSubstr("get it")));
  s.codegen = [](const std::string&) { return CodeAnswer(std::string("no image")); };
  EXPECT_THAT(s.compile(policy(kPolicy)), HasSubstr("error[CB0399]"));
}

}  // namespace
}  // namespace cbench::test
