// A run of one engine for the host tests: spec, log folder, journal, and a look at what is left when it is
// over.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "runtime/engines/cgroup_tree.h"
#include "runtime/engines/engine.h"

namespace cbench::testing {

using namespace std::chrono_literals;

inline std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// True when `condition` holds within `limit`.
inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = 5s) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return condition();
}

/// Tests of both engines change cgroups.
class RootTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

class EngineRun {
 public:
  explicit EngineRun(EngineKind kind) : kind_(kind) {
    char name[] = "/tmp/cbench-run-XXXXXX";
    folder_ = mkdtemp(&name[0]);
    static int count = 0;
    char id[40];
    std::snprintf(&id[0], sizeof id, "%08x-0000-7000-8000-%012x", static_cast<unsigned>(getpid()),
                  static_cast<unsigned>(++count));
    run_id = &id[0];
  }
  ~EngineRun() {
    if (engine) {
      EXPECT_EQ(engine->remove_all(), std::vector<std::string>());
      EXPECT_EQ(acts(0), std::vector<std::string>()) << "nobody else acts on the containers of a test";
    }
    engine.reset();
    for (const Leftover& leftover : engine_leftovers({})) EXPECT_NE(leftover.run_id, run_id) << leftover.what;
    if (journal) {
      EXPECT_EQ(journal->restore(), std::vector<std::string>());
      journal->close();
    }
    std::filesystem::remove_all(folder_);
  }
  EngineRun(const EngineRun&) = delete;
  EngineRun& operator=(const EngineRun&) = delete;

  ContainerSpec& add(const std::string& name, const std::string& command) {
    ContainerSpec& spec_of = spec.containers.emplace_back();
    spec_of.name.value = name;
    spec_of.command.value = command;
    spec_of.image.value = "cbench-test/busybox:1";
    spec_of.pull = Pull::Never;
    return spec_of;
  }
  /// Makes the engine and checks it.
  Engine& make() {
    if (kind_ == EngineKind::Docker) {
      engine = make_docker_engine(spec, run_id, logs());
    } else {
      auto opened = Journal::open(run_id, folder_ + "/journal");
      EXPECT_TRUE(opened) << opened.error().message;
      journal = std::move(*opened);
      engine = make_process_engine(spec, run_id, logs(), *journal);
    }
    const Result<> checked = engine->check();
    EXPECT_TRUE(checked) << checked.error().message << "; " << checked.error().hint;
    return *engine;
  }
  Started start(size_t slot, const std::string& cores = "") {
    const Result<> prepared = engine->prepare(slot, {});
    EXPECT_TRUE(prepared) << prepared.error().message;
    const Result<Started> started = engine->start(slot, *parse_cpu_list(cores));
    EXPECT_TRUE(started) << started.error().message << "; " << started.error().hint;
    return started ? *started : Started{};
  }
  ExitNotice wait_exit(std::chrono::milliseconds limit = 15s) {
    std::vector<ExitNotice> exits;
    eventually([&] { return !(exits = engine->take_exits()).empty(); }, limit);
    EXPECT_EQ(exits.size(), 1U);
    ExitNotice none;
    none.slot = SIZE_MAX;
    return exits.empty() ? none : exits[0];
  }
  /// What others did, "slot: words"; waits for `count` of them.
  std::vector<std::string> acts(size_t count, std::chrono::milliseconds limit = 10s) {
    std::vector<std::string> seen;
    eventually(
        [&] {
          for (const Interference& act : engine->take_interferences())
            seen.push_back(std::to_string(act.slot) + ": " + act.what);
          return seen.size() >= count;
        },
        limit);
    return seen;
  }
  [[nodiscard]] std::string logs() const { return folder_ + "/logs"; }
  [[nodiscard]] std::string out(const std::string& name) const {
    return read_file(logs() + "/" + name + ".stdout");
  }
  [[nodiscard]] std::string err(const std::string& name) const {
    return read_file(logs() + "/" + name + ".stderr");
  }

  RunSpec spec;
  std::string run_id;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Engine> engine;

 private:
  EngineKind kind_;
  std::string folder_;
};

inline std::string a_cgroup_folder(const CgroupPaths& paths) {
  return paths.pids.empty() ? paths.unified : paths.pids;
}

}  // namespace cbench::testing
