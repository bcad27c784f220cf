// Changes to a policy's text along its grammar: what parsed before mostly parses afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cbench::test {

/// The policy with one to three changes: parts swapped, copied, left out, wrapped, or exchanged for others of
/// their kind. Of a text that does not parse, tokens. The same for the same seed; valid UTF-8 stays valid,
/// and other texts are given back as they are.
std::string mutate_policy(std::string_view text, uint64_t seed);
/// The first policy with a part of the second: in the place of one of that kind, or as one more.
std::string cross_policies(std::string_view first, std::string_view second, uint64_t seed);

}  // namespace cbench::test
