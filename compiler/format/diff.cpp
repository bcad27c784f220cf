#include "compiler/format/diff.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace cbench {
namespace {

constexpr size_t kContext = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

/// A line that stays, goes or comes: ' ', '-', '+'.
struct Edit {
  char sign;
  std::string_view line;
};

/// The shortest way from one text to the other (E. W. Myers, An O(ND) Difference Algorithm, 1986): for each
/// number of changes d, how far one comes on each diagonal.
std::vector<Edit> edits_of(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  const auto n = static_cast<int64_t>(a.size());
  const auto m = static_cast<int64_t>(b.size());
  const int64_t most = n + m;
  std::vector<int64_t> far(static_cast<size_t>(2 * most + 2), 0);
  std::vector<std::vector<int64_t>> rounds;
  const auto at = [&](const std::vector<int64_t>& v, int64_t k) { return v[static_cast<size_t>(k + most)]; };
  const auto down = [&](const std::vector<int64_t>& v, int64_t k, int64_t d) {
    return k == -d || (k != d && at(v, k - 1) < at(v, k + 1));
  };
  for (int64_t d = 0; d <= most; ++d) {
    rounds.push_back(far);
    bool done = false;
    for (int64_t k = -d; k <= d && !done; k += 2) {
      int64_t x = down(far, k, d) ? at(far, k + 1) : at(far, k - 1) + 1;
      while (x < n && x - k < m && a[static_cast<size_t>(x)] == b[static_cast<size_t>(x - k)]) ++x;
      far[static_cast<size_t>(k + most)] = x;
      done = x >= n && x - k >= m;
    }
    if (done) break;
  }
  std::vector<Edit> back;
  int64_t x = n, y = m;
  for (auto d = static_cast<int64_t>(rounds.size()) - 1; d >= 0; --d) {
    const std::vector<int64_t>& v = rounds[static_cast<size_t>(d)];
    const int64_t k = x - y;
    const bool came_down = down(v, k, d);
    const int64_t from_k = came_down ? k + 1 : k - 1;
    const int64_t from_x = d == 0 ? 0 : at(v, from_k);
    const int64_t from_y = d == 0 ? 0 : from_x - from_k;
    const int64_t turn_x = d == 0 ? 0 : came_down ? from_x : from_x + 1;
    while (x > turn_x && y > (d == 0 ? 0 : turn_x - k)) {
      back.push_back({' ', a[static_cast<size_t>(--x)]});
      --y;
    }
    if (d == 0) break;
    if (came_down)
      back.push_back({'+', b[static_cast<size_t>(--y)]});
    else
      back.push_back({'-', a[static_cast<size_t>(--x)]});
    x = from_x;
    y = from_y;
  }
  std::reverse(back.begin(), back.end());
  return back;
}

std::string range(size_t first, size_t count) {
  return count == 1 ? fmt::format("{}", first + 1)
                    : fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

}  // namespace

std::string unified_diff(const std::string& path, std::string_view before, std::string_view after) {
  if (before == after) return "";
  const std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
  std::string out = fmt::format("--- {}\n+++ {}\n", path, path);
  size_t old_line = 0, new_line = 0;  // before edits[i]
  for (size_t i = 0; i < edits.size();) {
    if (edits[i].sign == ' ') {
      const bool near =
          std::any_of(edits.begin() + static_cast<ptrdiff_t>(i),
                      edits.begin() + static_cast<ptrdiff_t>(std::min(i + kContext + 1, edits.size())),
                      [](const Edit& e) { return e.sign != ' '; });
      if (!near) {
        ++i, ++old_line, ++new_line;
        continue;
      }
    }
    // A hunk: to the last change that no more than two contexts of equal lines part from the one before.
    size_t end = i, equal = 0;
    for (size_t j = i; j < edits.size() && equal <= 2 * kContext; ++j) {
      equal = edits[j].sign == ' ' ? equal + 1 : 0;
      if (equal == 0) end = j + 1;
    }
    end = std::min(end + kContext, edits.size());
    const auto lines = [&](char sign) {
      return static_cast<size_t>(std::count_if(
          edits.begin() + static_cast<ptrdiff_t>(i), edits.begin() + static_cast<ptrdiff_t>(end),
          [&](const Edit& e) { return e.sign == ' ' || e.sign == sign; }));
    };
    const size_t old_count = lines('-'), new_count = lines('+');
    out += fmt::format("@@ -{} +{} @@\n", range(old_line, old_count), range(new_line, new_count));
    for (; i < end; ++i) {
      out += edits[i].sign;
      out += edits[i].line;
      if (!edits[i].line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
    }
    old_line += old_count;
    new_line += new_count;
  }
  return out;
}

}  // namespace cbench
