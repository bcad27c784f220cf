// What `cbench init` writes: a benchmark and a policy to begin with.
#pragma once

#include <string>
#include <string_view>

namespace cbench {

/// stdlib/templates/bench.yml for an engine, `docker` or `process`. `policy`: path of the policy that
/// decides, relative to the file; empty: none.
std::string starter_bench(std::string_view engine, std::string_view policy);

}  // namespace cbench
