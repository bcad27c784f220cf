#include "runtime/collectors/socket_tail.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

namespace cbench {
namespace {

/// Most that one sample reads: a flood must not hold the step.
constexpr size_t kMostReceived = 1 << 20;

}  // namespace

SocketTail::SocketTail(std::string_view address, std::string request)
    : address_(socket_address(address)), request_(std::move(request)) {}

void SocketTail::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void SocketTail::connect() {
  if (!address_) return;
  fd_ = ::socket(address_->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return;
  sent_ = 0;
  waiting_ = false;
  const auto* address = reinterpret_cast<const sockaddr*>(&address_->storage);
  if (::connect(fd_, address, address_->size) != 0 && errno != EINPROGRESS) close();
}

void SocketTail::ask() {
  if (fd_ < 0 || request_.empty() || waiting_) return;
  const ssize_t n =
      ::send(fd_, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0) sent_ += static_cast<size_t>(n);
  if (sent_ < request_.size()) return;  // the rest in the next sample
  sent_ = 0;
  waiting_ = true;
}

/// Of a line that is too long the beginning is kept, of too many lines the newest.
void SocketTail::make_room() {
  const std::string_view all(buffer_.get(), used_);
  const size_t last = all.rfind('\n') + 1;  // npos + 1 is 0
  const size_t tail = std::min(used_ - last, LogTail::kMostLine);
  if (last == 0) {
    used_ = tail;
    return;
  }
  const size_t half = all.find('\n', LogTail::kMostBytes / 2);
  const size_t cut = half == std::string_view::npos ? last : half + 1;
  std::memmove(buffer_.get(), buffer_.get() + cut, used_ - cut);
  used_ -= cut;
}

SocketTail::Came SocketTail::receive() {
  Came came = Came::Nothing;
  for (size_t received = 0; received < kMostReceived;) {
    if (used_ == kBuffer) make_room();
    const ssize_t n = ::recv(fd_, buffer_.get() + used_, kBuffer - used_, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return came;
    if (n <= 0) return Came::End;
    received += static_cast<size_t>(n);
    used_ += static_cast<size_t>(n);
    waiting_ = false;
    came = Came::Bytes;
  }
  return came;
}

std::optional<std::string_view> SocketTail::read() {
  std::memmove(buffer_.get(), buffer_.get() + given_, used_ - given_);
  used_ -= given_;
  given_ = 0;
  if (fd_ < 0) connect();
  bool there = fd_ >= 0;
  if (there && receive() == Came::End) {
    close();
    if (used_ == kBuffer) make_room();
    there = used_ > 0;
    if (there && buffer_[used_ - 1] != '\n') buffer_[used_++] = '\n';
    connect();
  }
  ask();
  given_ = std::string_view(buffer_.get(), used_).rfind('\n') + 1;
  if (given_ == 0 && !there) return std::nullopt;
  return std::string_view(buffer_.get(), given_);
}

}  // namespace cbench
