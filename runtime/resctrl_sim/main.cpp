// cbench-resctrl-sim: mounts a simulated resctrl and stays until it is told to end or its owner is gone.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/resctrl_sim/mount.h"

namespace cbench::sim {
namespace {

constexpr int kUsage = 2, kHostLacks = 4;

struct Options {
  std::string profile, script, folder;
  int ready = -1, owner = -1;
  bool list = false, remove = false;
};

int fail(int code, const std::string& message) {
  fmt::print(stderr, "{}\n", message);
  return code;
}

void print_profiles() {
  for (const Profile& profile : profiles()) fmt::print("{:<14} {}\n", profile.name, profile.about);
}

/// Returns what ended it: a signal, or the closing of the owner's end of the pipe.
void wait_for_end(int signals, int owner) {
  pollfd ends[] = {{.fd = signals, .events = POLLIN, .revents = 0},
                   {.fd = owner, .events = POLLIN, .revents = 0}};
  while (::poll(ends, 2, -1) < 0 && errno == EINTR) {
  }
}

int serve(const Options& options) {
  const Profile* profile = find_profile(options.profile);
  if (profile == nullptr) {
    std::string names;
    for (const Profile& one : profiles()) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
    return fail(kUsage, fmt::format("there is no profile `{}`; there are {}", options.profile, names));
  }
  std::vector<ScriptLine> script;
  if (!options.script.empty()) {
    std::ifstream file(options.script);
    if (!file) return fail(kUsage, fmt::format("cannot read {}", options.script));
    std::ostringstream text;
    text << file.rdbuf();
    if (const std::string wrong = parse_script(text.str(), script); !wrong.empty())
      return fail(kUsage, fmt::format("{}:{}", options.script, wrong));
  }
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);  // before any thread
  std::signal(SIGPIPE, SIG_IGN);          // who started us may have closed our standard error
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  Tree tree(*profile, std::move(script));
  Mount mount(tree);
  if (const std::string wrong = mount.mount(options.folder); !wrong.empty()) return fail(kHostLacks, wrong);
  mount.guard(options.remove);
  mount.serve();
  if (options.ready >= 0) {
    static_cast<void>(!::write(options.ready, "r", 1));
    ::close(options.ready);
  }
  wait_for_end(signals, options.owner);
  mount.unmount();
  if (options.remove) ::rmdir(options.folder.c_str());
  std::fflush(nullptr);
  ::_exit(0);  // calls that hang are in threads of ours
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app(
      "Mounts a simulation of resctrl, to try policies where there is no RDT.\n"
      "It is a model: see docs/resctrl-sim.md.",
      "cbench-resctrl-sim");
  Options options;
  app.add_option("--profile", options.profile, "the machine (--list)");
  app.add_option("--script", options.script, "what the counters do, instead of the model of activity");
  app.add_option("--ready-fd", options.ready, "gets a byte when it is mounted");
  app.add_option("--owner-fd", options.owner, "end when the other end of this pipe is closed");
  app.add_flag("--list", options.list, "print the profiles");
  app.add_flag("--remove", options.remove, "remove the folder at the end");
  app.add_option("MOUNTPOINT", options.folder, "an empty folder");
  app.footer(
      "Example:\n  mkdir /tmp/resctrl && cbench-resctrl-sim --profile xeon-2s /tmp/resctrl &\n"
      "  cbench run bench.yml --policy cache_aware --rdt-root /tmp/resctrl");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (options.list) {
    print_profiles();
    return 0;
  }
  if (options.profile.empty() || options.folder.empty())
    return fail(kUsage, "give --profile and a MOUNTPOINT; --help has an example");
  return serve(options);
}

}  // namespace cbench::sim

int main(int argc, char** argv) { return cbench::sim::run(argc, argv); }
