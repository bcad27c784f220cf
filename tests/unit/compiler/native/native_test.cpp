// The code generator's process and the cache, with programs of a few lines in the generator's place.
#include "compiler/native/native.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "compiler/image/code_image.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class native : public testing::Test {
 protected:
  native() {
    char made[] = "/tmp/cbench-native-XXXXXX";
    folder = mkdtemp(made);
    CodeImage image;
    image.code = "code";
    write("answer", to_bytes(CodeAnswer(to_bytes(image))));
  }
  ~native() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  }
  /// A program that counts its starts and does `what`.
  ChildProgram program(const std::string& what) const {
    write("codegen", "#!/bin/sh\ncd '" + folder.string() + "'\necho . >>starts\n" + what + "\n");
    fs::permissions(folder / "codegen", fs::perms::owner_all);
    return {.path = folder / "codegen"};
  }
  ChildProgram good() const { return program("cat answer"); }
  [[nodiscard]] int starts() const {
    std::ifstream file(folder / "starts");
    return static_cast<int>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
  }
  [[nodiscard]] CodeCache cache() const { return CodeCache(folder / "cache/code"); }
  [[nodiscard]] std::vector<fs::path> entries() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder / "cache/code")) found.push_back(entry.path());
    return found;
  }
  static std::string request(const std::string& policy = "p") {
    return to_bytes(CodeRequest{.policy = policy, .layout = {}});
  }
  static void expect_no_child_left() {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  fs::path folder;
};

TEST_F(native, a_child_answers) {
  const CodeAnswer answer = ask(good(), request());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(code_image(*answer)->code, "code");
  expect_no_child_left();
}

TEST_F(native, a_child_gets_the_whole_request) {
  const std::string large = request(std::string(3'000'000, 'x'));
  EXPECT_TRUE(ask(program("cat >request; cat answer"), large).ok());
  std::ifstream file(folder / "request", std::ios::binary);
  std::ostringstream got;
  got << file.rdbuf();
  EXPECT_EQ(got.str(), large);
}

TEST_F(native, a_missing_child_is_told_with_its_remedy) {
  const CodeAnswer answer = ask({.path = folder / "nowhere"}, request());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().exit, Exit::HostLacks);
  EXPECT_THAT(answer.error().message, HasSubstr("nowhere cannot be started: No such file"));
  EXPECT_THAT(answer.error().hint, HasSubstr("install both"));
}

TEST_F(native, a_child_that_is_killed_is_no_defect) {
  const CodeAnswer answer = ask(program("kill -9 $$"), request());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().exit, Exit::HostLacks);
  EXPECT_THAT(answer.error().message, HasSubstr("was killed"));
  expect_no_child_left();
}

TEST_F(native, a_child_that_crashes_is_a_defect) {
  const CodeAnswer answer = ask(program("kill -SEGV $$"), request());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().exit, Exit::RunFailed);
  EXPECT_THAT(answer.error().message, HasSubstr("crashed: Segmentation fault"));
}

TEST_F(native, a_child_that_is_late_is_ended) {
  ChildProgram slow = program("exec sleep 300");
  slow.deadline = std::chrono::milliseconds(300);
  const CodeAnswer answer = ask(slow, request());
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message, HasSubstr("took more than 0.3 s"));
  expect_no_child_left();
}

TEST_F(native, nonsense_is_no_answer) {
  EXPECT_THAT(ask(program("echo hello"), request()).error().message, HasSubstr("damaged"));
  EXPECT_THAT(ask(program("true"), request()).error().message, HasSubstr("damaged"));
  EXPECT_THAT(ask(program("head -c 20 answer"), request()).error().message, HasSubstr("damaged"));
  EXPECT_THAT(ask(program("cat answer; exit 3"), request()).error().message, HasSubstr("exit code 3"));
}

TEST_F(native, the_second_time_it_comes_from_the_cache) {
  const Codegen codegen = cached(good(), cache());
  const CodeAnswer first = codegen(request());
  const CodeAnswer second = codegen(request());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(starts(), 1);
  ASSERT_EQ(entries().size(), 1U);
  EXPECT_EQ(fs::status(entries()[0]).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(folder / "cache").permissions(), fs::perms::owner_all);
}

TEST_F(native, another_policy_or_generator_is_not_in_the_cache) {
  EXPECT_TRUE(cached(good(), cache())(request("p")).ok());
  EXPECT_TRUE(cached(good(), cache())(request("q")).ok());  // the program is written anew: another identity
  EXPECT_EQ(starts(), 2);
  EXPECT_TRUE(cached(program("cat answer # changed"), cache())(request("p")).ok());
  EXPECT_EQ(starts(), 3);
}

TEST_F(native, dumps_and_errors_are_not_cached) {
  const Codegen codegen = cached(good(), cache());
  const std::string dump = to_bytes(CodeRequest{Product::Ir, "p", {}});
  EXPECT_TRUE(codegen(dump).ok());
  EXPECT_TRUE(codegen(dump).ok());
  EXPECT_EQ(starts(), 2);
  write("answer", to_bytes(CodeAnswer(Error{Exit::RunFailed, "no", ""})));
  EXPECT_FALSE(codegen(request()).ok());
  EXPECT_FALSE(fs::exists(folder / "cache"));
}

TEST_F(native, a_damaged_entry_is_made_anew) {
  const Codegen codegen = cached(good(), cache());
  ASSERT_TRUE(codegen(request()).ok());
  const fs::path entry = entries()[0];
  const auto size = static_cast<std::streamoff>(fs::file_size(entry));
  std::fstream(entry, std::ios::binary | std::ios::in | std::ios::out).seekp(size / 2).put('#');
  EXPECT_TRUE(codegen(request()).ok());
  EXPECT_EQ(starts(), 2);
  fs::resize_file(entry, 10);
  EXPECT_TRUE(codegen(request()).ok());
  EXPECT_EQ(starts(), 3);
  EXPECT_TRUE(codegen(request()).ok());
  EXPECT_EQ(starts(), 3);
}

TEST_F(native, what_others_could_have_written_is_not_read) {
  const CodeCache kept = cache();
  kept.store("key", "image");
  ASSERT_EQ(kept.find("key"), "image");
  const fs::path entry = entries()[0];
  fs::permissions(entry, fs::perms::others_write, fs::perm_options::add);
  EXPECT_FALSE(kept.find("key"));
  fs::permissions(entry, fs::perms::others_write, fs::perm_options::remove);
  ASSERT_TRUE(kept.find("key"));
  fs::permissions(folder / "cache/code", fs::perms::group_write, fs::perm_options::add);
  EXPECT_FALSE(kept.find("key"));
  kept.store("other", "image");
  EXPECT_EQ(entries().size(), 1U);
  fs::permissions(folder / "cache/code", fs::perms::group_write, fs::perm_options::remove);
  ASSERT_TRUE(kept.find("key"));
  fs::rename(entry, folder / "elsewhere");
  fs::create_symlink(folder / "elsewhere", entry);
  EXPECT_FALSE(kept.find("key"));
}

TEST_F(native, an_entry_of_another_user_is_not_read) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const CodeCache kept = cache();
  kept.store("key", "image");
  ASSERT_TRUE(kept.find("key"));
  ASSERT_EQ(chown(entries()[0].c_str(), 12345, 12345), 0);
  EXPECT_FALSE(kept.find("key"));
  kept.store("key", "image");
  EXPECT_TRUE(kept.find("key"));
  ASSERT_EQ(chown((folder / "cache/code").c_str(), 12345, 12345), 0);
  EXPECT_FALSE(kept.find("key"));
}

TEST_F(native, an_entry_under_the_name_of_another_is_not_read) {
  const CodeCache kept = cache();
  kept.store("one", "image of one");
  const fs::path one = entries()[0];
  kept.store("two", "image of two");
  for (const fs::path& entry : entries())
    if (entry != one) fs::copy_file(entry, one, fs::copy_options::overwrite_existing);
  EXPECT_FALSE(kept.find("one"));
  EXPECT_EQ(kept.find("two"), "image of two");
}

TEST_F(native, the_oldest_entries_make_room) {
  const CodeCache small(folder / "cache/code", 2500);
  small.store("old", std::string(1000, 'a'));
  fs::last_write_time(entries()[0], fs::file_time_type::clock::now() - std::chrono::hours(1));
  small.store("new", std::string(1000, 'b'));
  EXPECT_TRUE(small.find("old"));
  small.store("newest", std::string(1000, 'c'));
  EXPECT_FALSE(small.find("old"));
  EXPECT_TRUE(small.find("new"));
  EXPECT_TRUE(small.find("newest"));
}

TEST_F(native, a_cache_that_cannot_be_written_is_no_error) {
  write("cache", "a file in the folder's place");
  const Codegen codegen = cached(good(), cache());
  EXPECT_TRUE(codegen(request()).ok());
  EXPECT_TRUE(codegen(request()).ok());
  EXPECT_EQ(starts(), 2);
  EXPECT_TRUE(cached(good(), CodeCache(""))(request()).ok());
}

TEST_F(native, the_cache_is_in_the_users_own_folder) {
  const auto folder_with = [](const char* off, const char* xdg, const char* home) {
    setenv("CBENCH_CACHE", off, 1);
    setenv("XDG_CACHE_HOME", xdg, 1);
    setenv("HOME", home, 1);
    return cache_folder();
  };
  EXPECT_EQ(folder_with("", "/x", "/h"), "/x/cbench/code");
  EXPECT_EQ(folder_with("", "", "/h"), "/h/.cache/cbench/code");
  EXPECT_EQ(folder_with("", "relative", "/h"), "/h/.cache/cbench/code");
  EXPECT_EQ(folder_with("", "", ""), "");
  EXPECT_EQ(folder_with("off", "/x", "/h"), "");
}

}  // namespace
}  // namespace cbench
