// Where the programs are that belong to this one.
#pragma once

#include <string>
#include <string_view>

namespace cbench {

/// `name` beside this program (a build tree) or in ../libexec/cbench (an installation); where it should be if
/// it is in neither.
std::string program_of_ours(std::string_view name);

}  // namespace cbench
