// Reads and writes of kernel files (cgroup, resctrl, /proc) that hand back the errno: one open, one call, one
// close.
#pragma once

#include <string>
#include <string_view>

namespace cbench {

/// Reads the whole file into `text`. Returns 0 or the errno; `text` is then unspecified.
int read_file(const std::string& path, std::string& text);

/// Replaces the file's content with one write(2), as the kernel's files want it. The file is never created.
/// Returns 0 or the errno; a short write is EIO.
int write_file(const std::string& path, std::string_view text);

/// May this process write to it? By its rights in effect: access(2) asks for the user without the program's
/// capabilities.
bool may_write(const std::string& path);

/// Does this errno say that the file is gone (or its cgroup is being removed)?
bool is_gone(int error);

/// "permission denied": the errno in words, as strerror(3) says it.
std::string errno_text(int error);
/// Why write_file failed, with the remedy where it is a lack of rights.
std::string why_not_written(const std::string& path, int error);

}  // namespace cbench
