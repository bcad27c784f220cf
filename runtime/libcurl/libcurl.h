// libcurl, loaded when the first request is made: with the thirty libraries that it needs it would be most
// of the time, and half of the memory, of a command that makes none.
#pragma once

#include <curl/curl.h>

#include "compiler/base/result.h"

namespace cbench {

// The functions of libcurl that cbench calls, without their prefix.
#define CBENCH_LIBCURL(call)                                                                              \
  call(easy_cleanup) call(easy_escape) call(easy_getinfo) call(easy_header) call(easy_init)               \
      call(easy_perform) call(easy_setopt) call(easy_strerror) call(free) call(getdate) call(global_init) \
          call(multi_add_handle) call(multi_cleanup) call(multi_info_read) call(multi_init)               \
              call(multi_perform) call(multi_poll) call(multi_remove_handle) call(multi_wakeup)           \
                  call(slist_append) call(slist_free_all) call(url) call(url_cleanup) call(url_get)       \
                      call(url_set)

/// Those functions, of a library that is loaded and initialised.
struct Libcurl {
#define CBENCH_LIBCURL_MEMBER(name) decltype(&curl_##name) name = nullptr;
  CBENCH_LIBCURL(CBENCH_LIBCURL_MEMBER)
#undef CBENCH_LIBCURL_MEMBER
};

/// The system's, loaded by the first call, from any thread, for good.
const Result<Libcurl>& libcurl();

/// As libcurl(), from another file. Error (HostLacks): there is none, or it is too old.
Result<Libcurl> load_libcurl(const char* file);

}  // namespace cbench
