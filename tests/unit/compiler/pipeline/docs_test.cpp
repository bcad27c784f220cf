// The policies that the documentation shows are policies: each block marked `cbp` is checked. A part of one
// gets its header here, and the declarations that it builds on from a comment in the line before it,
// `<!-- cbp: … -->`.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/pipeline/pipeline.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

struct Snippet {
  std::string place, text;
};

std::vector<Snippet> snippets_of(const fs::path& page) {
  constexpr std::string_view kWith = "<!-- cbp: ";
  std::ifstream file(page);
  std::vector<Snippet> out;
  std::string line, with;
  bool inside = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line == "```cbp") {
      inside = true;
      out.push_back({page.filename().string() + ":" + std::to_string(number), with});
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      out.back().text += line + "\n";
    }
    with = line.starts_with(kWith) ? line.substr(kWith.size(), line.size() - kWith.size() - 4) + "\n" : "";
  }
  return out;
}

TEST(docs, every_policy_that_they_show_is_one) {
  const fs::path docs = fs::path(CBENCH_TESTS_DIR).parent_path() / "docs";
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(docs)) {
    if (entry.path().extension() != ".md") continue;
    for (const Snippet& snippet : snippets_of(entry.path())) {
      ++count;
      std::string text = snippet.text;
      if (!text.starts_with("policy ")) text = "policy snippet 1 \"a part\"\n" + text;
      SourceSet sources;
      Diagnostics diagnostics;
      const uint32_t source = sources.add("snippet.cbp", text);
      check_policy(sources, source, diagnostics);
      EXPECT_FALSE(diagnostics.has_errors()) << snippet.place << "\n" << render(diagnostics, sources, false);
    }
  }
  EXPECT_GE(count, 7U) << "the blocks are marked ```cbp";
}

}  // namespace
}  // namespace cbench
