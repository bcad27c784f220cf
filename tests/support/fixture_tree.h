// A folder of small files below the temporary folder, removed at the end: stands for /sys, /proc or resctrl
// in tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <stdlib.h>

namespace cbench {

class FixtureTree {
 public:
  FixtureTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cbench-fixture-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~FixtureTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  FixtureTree(const FixtureTree&) = delete;
  FixtureTree& operator=(const FixtureTree&) = delete;

  /// Writes a file, making its folders; what it held before is gone.
  void write(const std::string& path, std::string_view text) const {
    const std::filesystem::path full = std::filesystem::path(root_) / path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full, std::ios::trunc) << text;
  }
  void make_folder(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(root_) / path);
  }
  void remove(const std::string& path) const {
    std::filesystem::remove_all(std::filesystem::path(root_) / path);
  }
  [[nodiscard]] std::string operator/(const std::string& path) const { return root_ + "/" + path; }
  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  std::string root_;
};

}  // namespace cbench
