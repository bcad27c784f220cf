#include "runtime/driver/run_watch.h"

#include <iterator>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "runtime/host/monotonic.h"

namespace cbench {
namespace {

constexpr std::chrono::milliseconds kTick{100};

}  // namespace

RunWatch::RunWatch(const RunFacts& facts, std::vector<std::unique_ptr<RunFace>> faces, bool all)
    : faces_(std::move(faces)), all_(all), tap_(facts.spec) {
  figures_.slots.resize(facts.spec.containers.size());
  handed_figures_ = figures_;
  if (!faces_.empty()) thread_ = std::thread([this] { show(); });
}

RunWatch::~RunWatch() {
  end(std::chrono::milliseconds(0));
  if (thread_.joinable()) thread_.join();
}

void RunWatch::preparing(size_t slot, const std::string& what, double fraction) {
  tell(Preparing{slot, what, fraction});
}

void RunWatch::decision(const Decision& decision) {
  if (all_ || touches_host(decision)) tell(decision);
}

void RunWatch::event(const TraceEvent& event) {
  if (event.kind == EventKind::Begin) measuring_ = true;
  if (event.kind == EventKind::End) measuring_ = false;
  tell(event);
}

void RunWatch::progress(const Progress& progress) {
  if (faces_.empty()) return;
  tap_.fill(progress, figures_);
  hand_over();
}

void RunWatch::tell(News news) {
  if (faces_.empty()) return;
  if (news_.size() < kMostNews)
    news_.push_back(std::move(news));
  else
    ++omitted_;
  if (!measuring_) hand_over();
}

void RunWatch::hand_over() {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (measuring_) {
    if (!lock.try_lock()) return;
  } else {
    lock.lock();
  }
  figures_.at_ns = monotonic_ns();
  handed_figures_ = figures_;  // of the same size: nothing is allocated
  for (News& one : news_)
    if (handed_news_.size() < kMostNews)
      handed_news_.push_back(std::move(one));
    else
      ++omitted_;
  news_.clear();
  if (omitted_ == 0) return;
  // One beyond the most, so that the count arrives also at the end.
  auto* last = handed_news_.empty() ? nullptr : std::get_if<Omitted>(&handed_news_.back());
  if (last == nullptr) last = &std::get<Omitted>(handed_news_.emplace_back(Omitted{0}));
  last->count += std::exchange(omitted_, 0);
}

void RunWatch::end(std::chrono::milliseconds patience) {
  measuring_ = false;
  hand_over();
  std::unique_lock lock(mutex_);
  over_ = true;
  changed_.notify_all();
  if (thread_.joinable()) changed_.wait_for(lock, patience, [this] { return ended_; });
}

void RunWatch::show() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);  // measuring goes first
  LiveFigures figures;
  std::vector<News> news;
  for (bool over = false; !over;) {
    news.clear();
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kTick, [this] { return over_; });
      over = over_;
      figures = handed_figures_;
      news.swap(handed_news_);
    }
    for (const auto& face : faces_) {
      for (const News& one : news) face->take(one);
      face->tick(figures);
    }
  }
  for (const auto& face : faces_) face->end();
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace cbench
