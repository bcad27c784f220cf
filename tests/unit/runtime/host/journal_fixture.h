// Journals and a tree of files in a temporary folder, and owners that die.
#pragma once

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/host/journal.h"

namespace cbench {

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void put(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::filesystem::create_directories(journals);
    std::filesystem::create_directories(tree);
  }
  ~JournalTest() override { std::filesystem::remove_all(base); }

  std::unique_ptr<Journal> open(const std::string& run_id) {
    auto journal = Journal::open(run_id, journals);
    EXPECT_TRUE(journal.ok()) << journal.error().message;
    return std::move(*journal);
  }

  /// Runs `body` in a child that then dies as if by kill -9, leaving its journal.
  static void in_a_run_that_dies(const std::function<void()>& body) {
    const pid_t child = fork();
    if (child == 0) {
      body();
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  std::string base = std::filesystem::temp_directory_path() / fmt::format("cbench-journal-{}", ::getpid());
  std::string journals = base + "/state";
  std::string tree = base + "/tree";
};

}  // namespace cbench
