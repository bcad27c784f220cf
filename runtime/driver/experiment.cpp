#include "runtime/driver/experiment.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "runtime/driver/run_folder.h"
#include "runtime/host/files.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr int kVersion = 1;

Error broken(const std::string& index, const std::string& why) {
  return {Exit::Invalid, fmt::format("{} is no index of cbench: {}", index, why),
          "the traces beside it can be read all the same"};
}

Json to_object(const IndexedRun& run) {
  Json containers = Json::object();
  for (const auto& [name, figures] : run.containers) {
    containers[name] = Json::object();
    for (const auto& [figure, value] : figures) containers[name][figure] = value;
  }
  return {{"number", run.number},
          {"warmup", run.warmup},
          {"run_id", run.run_id},
          {"trace", run.folder + "/trace.arrows"},
          {"outcome", run.outcome},
          {"exit_code", run.exit_code},
          {"start_wall_ns", run.start_wall_ns},
          {"duration_ns", run.duration_ns},
          {"containers", std::move(containers)}};
}

/// Throws nlohmann's exceptions.
IndexedRun run_of(const Json& json) {
  IndexedRun run;
  run.number = json.at("number").get<int64_t>();
  run.warmup = json.at("warmup").get<bool>();
  run.run_id = json.at("run_id").get<std::string>();
  run.folder = fs::path(json.at("trace").get<std::string>()).parent_path().string();
  run.outcome = json.at("outcome").get<std::string>();
  run.exit_code = json.at("exit_code").get<int>();
  run.start_wall_ns = json.at("start_wall_ns").get<int64_t>();
  run.duration_ns = json.at("duration_ns").get<int64_t>();
  for (const auto& [name, figures] : json.at("containers").items()) {
    Figures& mine = run.containers.emplace_back(name, Figures{}).second;
    for (const auto& [figure, value] : figures.items()) mine[figure] = value.get<double>();
  }
  return run;
}

/// What differs, in words; "" when nothing does.
std::string difference(const Ingredients& before, const Ingredients& now) {
  std::string out;
  for (const auto& [name, value] : now) {
    const auto known = std::find_if(before.begin(), before.end(),
                                    [&, &wanted = name](const auto& each) { return each.first == wanted; });
    if (known != before.end() && known->second == value) continue;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", name);
  }
  return out;
}

}  // namespace

Experiment::Experiment(Experiment&& other) noexcept
    : folder_(std::move(other.folder_)),
      name_(std::move(other.name_)),
      ingredients_(std::move(other.ingredients_)),
      runs_(std::move(other.runs_)),
      lock_(std::exchange(other.lock_, -1)) {}

Experiment::~Experiment() {
  if (lock_ >= 0) ::close(lock_);
}

Result<Experiment> Experiment::begin(std::string folder, std::string name, Ingredients ingredients) {
  Experiment made;
  made.folder_ = std::move(folder);
  made.name_ = std::move(name);
  made.ingredients_ = std::move(ingredients);
  if (const Result<> ready = make_folders(made.folder_); !ready.ok()) return ready.error();
  std::error_code ignored;
  if (fs::exists(made.index(), ignored))
    return Error{
        Exit::Usage, fmt::format("{} holds an experiment already", made.folder_),
        fmt::format("`--resume {}` goes on with it; another `output` begins a new one", made.folder_)};
  if (const Result<> locked = made.lock(); !locked.ok()) return locked.error();
  if (const Result<> written = made.write(); !written.ok()) return written.error();
  return made;
}

Result<Experiment> Experiment::resume(std::string folder, const Ingredients& ingredients) {
  Experiment found;
  found.folder_ = std::move(folder);
  const std::optional<std::string> text = read_text(found.index());
  if (!text)
    return Error{Exit::Usage, fmt::format("{} cannot be read: {}", found.index(), std::strerror(errno)),
                 "--resume wants the folder of an experiment, such as results/NAME/latest"};
  if (const Result<> locked = found.lock(); !locked.ok()) return locked.error();
  try {
    const Json json = Json::parse(*text);
    if (json.at("cbench_experiment").get<int>() > kVersion)
      return broken(found.index(), "a newer cbench has written it");
    found.name_ = json.at("benchmark").get<std::string>();
    for (const auto& [name, value] : json.at("made_of").items())
      found.ingredients_.emplace_back(name, value.get<std::string>());
    for (const Json& run : json.at("runs")) found.runs_.push_back(run_of(run));
  } catch (const nlohmann::json::exception& error) {
    return broken(found.index(), error.what());
  }
  if (const std::string what = difference(found.ingredients_, ingredients); !what.empty())
    return Error{Exit::Usage,
                 fmt::format("the experiment in {} was another one: it differs in {}", found.folder_, what),
                 "its runs could not be compared; without --resume a new experiment begins"};
  found.find_cut_off();
  if (const Result<> written = found.write(); !written.ok()) return written.error();
  return found;
}

Result<> Experiment::lock() {
  lock_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0)
    return Error{Exit::RunFailed, fmt::format("{} cannot be opened: {}", folder_, std::strerror(errno)), ""};
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return Done{};
  return Error{Exit::RunFailed, fmt::format("another cbench is at work in {}", folder_),
               "wait for it to end"};
}

/// A run that was killed has a folder and no entry.
void Experiment::find_cut_off() {
  std::set<std::string> known;
  for (const IndexedRun& run : runs_) known.insert(run.folder);
  std::error_code failed;
  for (fs::directory_iterator at(folder_, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    const size_t dash = name.find('-');
    const bool warmup = name.starts_with('w');
    const auto number = parse_number(std::string_view(name).substr(warmup ? 1 : 0, dash - (warmup ? 1 : 0)));
    if (dash == std::string::npos || !number || known.contains(name)) continue;
    runs_.push_back({.number = static_cast<int64_t>(*number),
                     .warmup = warmup,
                     .run_id = name.substr(dash + 1),
                     .folder = name,
                     .outcome = "cut_off",
                     .containers = {}});
  }
}

bool Experiment::finished(int64_t number) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const IndexedRun& run) {
    return !run.warmup && run.number == number && run.finished();
  });
}

std::string Experiment::prefix(int64_t number, bool warmup) const {
  return fmt::format("{}/{}{:03}-", folder_, warmup ? "w" : "", number);
}

Result<> Experiment::add(IndexedRun run) {
  runs_.push_back(std::move(run));
  return write();
}

size_t Experiment::finished_runs() const {
  return static_cast<size_t>(std::count_if(
      runs_.begin(), runs_.end(), [](const IndexedRun& run) { return !run.warmup && run.finished(); }));
}

std::vector<SpreadRow> Experiment::spreads() const {
  std::vector<std::vector<std::pair<std::string, Figures>>> counted;
  for (const IndexedRun& run : runs_)
    if (!run.warmup && run.finished()) counted.push_back(run.containers);
  return cbench::spreads(counted);
}

std::string Experiment::to_json(int indent) const {
  Json made_of = Json::object(), runs = Json::array(), all = Json::array();
  for (const auto& [name, value] : ingredients_) made_of[name] = value;
  for (const IndexedRun& run : runs_) runs.push_back(to_object(run));
  for (const SpreadRow& row : spreads())
    all.push_back({{"container", row.container},
                   {"figure", row.figure},
                   {"runs", row.spread.count},
                   {"mean", row.spread.mean},
                   {"deviation", row.spread.deviation},
                   {"least", row.spread.least},
                   {"most", row.spread.most}});
  const Json out = {{"cbench_experiment", kVersion},
                    {"benchmark", name_},
                    {"made_of", std::move(made_of)},
                    {"runs", std::move(runs)},
                    {"spread", std::move(all)}};
  return dump_json(out, indent);
}

/// A crash leaves the old index or the new one.
Result<> Experiment::write() const {
  const std::string fresh = index() + ".new", text = to_json() + "\n";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int code = errno;
  if (fd >= 0) ::close(fd);
  if (written && ::rename(fresh.c_str(), index().c_str()) == 0) return Done{};
  return Error{Exit::RunFailed,
               fmt::format("{} cannot be written: {}", index(), std::strerror(written ? errno : code)),
               "make room on the disk; --resume then goes on"};
}

}  // namespace cbench
