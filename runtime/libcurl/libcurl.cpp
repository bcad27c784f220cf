#include "runtime/libcurl/libcurl.h"

#include <dlfcn.h>

namespace cbench {

Result<Libcurl> load_libcurl(const char* file) {
  const auto unusable = [](const std::string& why) {
    return Error{
        Exit::HostLacks, "libcurl cannot be used: " + why,
        "Docker and live export need its version 7.85 or newer; install it (Debian's package: libcurl4)"};
  };
  void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return unusable(dlerror());
  Libcurl out;
#define CBENCH_LIBCURL_LOAD(name)                                                 \
  out.name = reinterpret_cast<decltype(out.name)>(dlsym(library, "curl_" #name)); \
  if (out.name == nullptr) return unusable(dlerror());
  CBENCH_LIBCURL(CBENCH_LIBCURL_LOAD)
#undef CBENCH_LIBCURL_LOAD
  const CURLcode code = out.global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) return unusable(out.easy_strerror(code));
  return out;
}

const Result<Libcurl>& libcurl() {
  static const Result<Libcurl> loaded = load_libcurl("libcurl.so.4");
  return loaded;
}

}  // namespace cbench
