// A MOCK of resctrl: a plain folder tree with the files of the kernel's. It refuses nothing and moves
// nothing; what is tested with it is which files the code under test reads and writes.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "runtime/host/resctrl.h"

namespace cbench {

class MockResctrlTree {
 public:
  struct Shape {
    uint32_t ways = 11, closids = 16, domains = 2;
    bool mb = true, cdp = false;
    uint64_t mb_most = 100;  ///< an MB value that is no limit; above 100 the host counts as AMD does
  };

  MockResctrlTree(const std::string& root, const Shape& shape) : root_(root), shape_(shape) {
    for (const char* l3 : {"L3", "L3CODE", "L3DATA"}) {
      if ((std::string(l3) == "L3") == shape.cdp) continue;
      const std::string info = root + "/info/" + l3;
      put(info + "/cbm_mask", fmt::format("{:x}\n", (1U << shape.ways) - 1));
      put(info + "/min_cbm_bits", "1\n");
      put(info + "/shareable_bits", "0\n");
      put(info + "/num_closids", fmt::format("{}\n", shape.closids));
    }
    if (shape.mb) {
      const char* step = shape.mb_most > 100 ? "1\n" : "10\n";
      put(root + "/info/MB/bandwidth_gran", step);
      put(root + "/info/MB/min_bandwidth", step);
      put(root + "/info/MB/num_closids", fmt::format("{}\n", shape.closids));
    }
    put(root + "/info/last_cmd_status", "ok\n");
    fill(root);
  }
  ~MockResctrlTree() { std::filesystem::remove_all(root_); }
  MockResctrlTree(const MockResctrlTree&) = delete;
  MockResctrlTree& operator=(const MockResctrlTree&) = delete;

  [[nodiscard]] RdtFacts facts() const { return read_resctrl(root_); }
  [[nodiscard]] std::vector<std::string> groups() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(root_))
      if (entry.is_directory() && entry.path().filename() != "info")
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  /// A group of someone else.
  void add_group(const std::string& name, const std::string& mode) {
    fill(root_ + "/" + name);
    put(root_ + "/" + name + "/mode", mode + "\n");
  }
  /// What the kernel does on mkdir: the files stand in each new group.
  void fill_groups() {
    for (const std::string& name : groups())
      if (std::filesystem::is_empty(root_ + "/" + name)) fill(root_ + "/" + name);
  }
  /// What the kernel does on rmdir: the files of our groups are no obstacle.
  void empty_groups() {
    for (const std::string& name : groups())
      if (name.starts_with("cbench-"))
        for (const char* file : {"tasks", "schemata", "mode"})
          std::filesystem::remove(root_ + "/" + name + "/" + file);
  }

  static void put(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  static std::string content(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

 private:
  void fill(const std::string& group) const {
    Schemata schemata;
    const auto line = [&](const char* resource, uint64_t value) {
      SchemataLine all{resource, {}};
      for (uint32_t id = 0; id < shape_.domains; ++id) all.domains.emplace_back(id, value);
      schemata.push_back(all);
    };
    const uint64_t full = (uint64_t{1} << shape_.ways) - 1;
    if (shape_.cdp) {
      line("L3CODE", full);
      line("L3DATA", full);
    } else {
      line("L3", full);
    }
    if (shape_.mb) line("MB", shape_.mb_most);
    put(group + "/schemata", to_text(schemata));
    put(group + "/tasks", "");
    put(group + "/mode", "shareable\n");
  }

  std::string root_;
  Shape shape_;
};

}  // namespace cbench
