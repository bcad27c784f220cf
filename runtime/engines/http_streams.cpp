// HttpStreams: the thread that pumps all streams of a socket, by curl_multi.
#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/engines/http.h"
#include "runtime/engines/http_transfer.h"

namespace cbench {
namespace {

using Clock = std::chrono::steady_clock;

struct Stream {
  Stream(const std::string& socket, HttpRequest request, OnBytes on_bytes, HttpStreams::OnEnd end)
      : transfer(socket, std::move(request), std::move(on_bytes)), on_end(std::move(end)) {}

  HttpTransfer transfer;
  HttpStreams::OnEnd on_end;
  std::promise<Result<HttpResponse>> opened;
  Clock::time_point due;  ///< the headers must be here by then
  bool told = false;      ///< `opened` has its value

  void tell(Result<HttpResponse> result) {
    if (!std::exchange(told, true)) opened.set_value(std::move(result));
  }
  [[nodiscard]] bool overdue(Clock::time_point now) const {
    return !told && transfer.request().timeout.count() > 0 && now >= due;
  }
};

}  // namespace

struct HttpStreams::Impl {
  explicit Impl(std::string path)
      : socket(std::move(path)), multi(libcurl()->multi_init()), thread([this] { pump(); }) {}
  ~Impl();

  void pump();
  void admit();
  void notice_headers();
  void reap();
  void drop_overdue();
  void finish(std::list<std::unique_ptr<Stream>>::iterator at, CURLcode code);

  std::string socket;
  std::mutex mutex;
  std::vector<std::unique_ptr<Stream>> fresh;  ///< guarded by mutex
  std::atomic<bool> quit{false};
  std::list<std::unique_ptr<Stream>> streams;  ///< the pump's own
  CURLM* multi;
  std::thread thread;
};

HttpStreams::Impl::~Impl() {
  quit = true;
  libcurl()->multi_wakeup(multi);
  thread.join();
  const Error dropped{Exit::RunFailed, "the connection was closed by us", ""};
  for (auto& stream : streams) {
    libcurl()->multi_remove_handle(multi, stream->transfer.easy());
    stream->tell(dropped);
  }
  for (auto& stream : fresh) stream->tell(dropped);
  streams.clear();
  libcurl()->multi_cleanup(multi);
}

void HttpStreams::Impl::pump() {
  while (!quit) {
    admit();
    int running = 0;
    libcurl()->multi_perform(multi, &running);
    notice_headers();
    reap();
    drop_overdue();
    const bool waiting = std::any_of(streams.begin(), streams.end(), [](const auto& s) { return !s->told; });
    libcurl()->multi_poll(multi, nullptr, 0, waiting ? 50 : 1000, nullptr);
  }
}

void HttpStreams::Impl::admit() {
  std::vector<std::unique_ptr<Stream>> taken;
  {
    const std::lock_guard lock(mutex);
    taken.swap(fresh);
  }
  for (auto& stream : taken) {
    if (stream->transfer.easy() == nullptr) {
      stream->tell(stream->transfer.trouble(CURLE_OUT_OF_MEMORY));
      continue;
    }
    libcurl()->multi_add_handle(multi, stream->transfer.easy());
    streams.push_back(std::move(stream));
  }
}

void HttpStreams::Impl::notice_headers() {
  for (auto& stream : streams) {
    if (stream->transfer.answered() && stream->transfer.response().good()) {
      stream->tell(HttpResponse{stream->transfer.response().status, ""});
    }
  }
}

void HttpStreams::Impl::reap() {
  int left = 0;
  while (const CURLMsg* message = libcurl()->multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto at = std::find_if(streams.begin(), streams.end(),
                                 [&](const auto& stream) { return stream->transfer.easy() == easy; });
    if (at != streams.end()) finish(at, code);
  }
}

void HttpStreams::Impl::drop_overdue() {
  const auto now = Clock::now();
  for (auto at = streams.begin(); at != streams.end();) {
    const auto next = std::next(at);
    if ((*at)->overdue(now)) finish(at, CURLE_OPERATION_TIMEDOUT);
    at = next;
  }
}

void HttpStreams::Impl::finish(std::list<std::unique_ptr<Stream>>::iterator at, CURLcode code) {
  const std::unique_ptr<Stream> stream = std::move(*at);
  streams.erase(at);
  libcurl()->multi_remove_handle(multi, stream->transfer.easy());
  const bool streamed = stream->transfer.answered() && stream->transfer.response().good();
  if (streamed) {
    stream->tell(HttpResponse{stream->transfer.response().status, ""});
    if (stream->on_end) stream->on_end(code == CURLE_OK ? "" : stream->transfer.trouble(code).message);
  } else if (code == CURLE_OK) {
    stream->tell(std::move(stream->transfer.response()));
  } else {
    stream->tell(stream->transfer.trouble(code));
  }
}

HttpStreams::HttpStreams(std::string socket) {
  if (libcurl()) impl_ = std::make_unique<Impl>(std::move(socket));
}
HttpStreams::~HttpStreams() = default;

std::future<Result<HttpResponse>> HttpStreams::send(HttpRequest request, OnBytes on_bytes, OnEnd on_end) {
  if (!impl_) {
    std::promise<Result<HttpResponse>> refused;
    refused.set_value(libcurl().error());
    return refused.get_future();
  }
  auto stream =
      std::make_unique<Stream>(impl_->socket, std::move(request), std::move(on_bytes), std::move(on_end));
  stream->due = Clock::now() + stream->transfer.request().timeout;
  std::future<Result<HttpResponse>> opened = stream->opened.get_future();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->fresh.push_back(std::move(stream));
  }
  libcurl()->multi_wakeup(impl_->multi);
  return opened;
}

Result<HttpResponse> HttpStreams::open(HttpRequest request, OnBytes on_bytes, OnEnd on_end) {
  return send(std::move(request), std::move(on_bytes), std::move(on_end)).get();
}

}  // namespace cbench
