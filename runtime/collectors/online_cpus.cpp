#include "runtime/collectors/online_cpus.h"

#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace cbench {

OnlineCpus::OnlineCpus(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  changed();
}

OnlineCpus::~OnlineCpus() {
  if (fd_ >= 0) ::close(fd_);
}

bool OnlineCpus::changed() {
  char buffer[1024];
  const ssize_t size = ::pread(fd_, buffer, sizeof buffer, 0);
  if (size <= 0) return false;
  std::string_view text(buffer, static_cast<size_t>(size));
  if (text == text_) return false;
  text_ = text;
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto cpus = parse_cpu_list(text);
  if (!cpus || *cpus == cpus_) return false;
  cpus_ = *cpus;
  return true;
}

}  // namespace cbench
