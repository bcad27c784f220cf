// From yaml-cpp's events to the located tree: duplicate keys, aliases, merge keys, and bounds on all of them.
#include "compiler/config/yaml.h"

#include <exception>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "compiler/config/reading.h"
#include "compiler/config/yaml_text.h"

namespace cbench::config {
namespace {

constexpr size_t kMaxWeight = 100'000;  // nodes after aliases; the largest real files have about 2000
constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxMebibytes = 1;  // more takes yaml-cpp too long
constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

/// In a text that cannot be read only words tell what may be a secret: what stands behind them on their line.
void hide_behind_words(SourceSet& sources, uint32_t source) {
  const std::string_view text = sources.text(source);
  for (size_t start = 0, end = 0; start < text.size(); start = end + 1) {
    end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    for (size_t word = 0, at = line.find_first_of(":="); at != std::string_view::npos;
         word = at, at = line.find_first_of(":=", at + 1)) {
      if (!is_secret(line.substr(word, at - word))) continue;
      sources.hide({source, static_cast<uint32_t>(start + at + 1), static_cast<uint32_t>(end)});
      break;
    }
  }
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(SourceSet& sources, uint32_t source, size_t bom, Diagnostics& diagnostics)
      : sources_(sources),
        text_(sources.text(source)),
        source_(source),
        bom_(bom),
        diagnostics_(diagnostics) {}

  [[nodiscard]] const NodePtr& root() const { return root_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] size_t offset(const YAML::Mark& mark) const {
    return mark.pos < 0 ? 0 : std::min(text_.size(), static_cast<size_t>(mark.pos) + bom_);
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.span = here(mark, 0);
    add(finish(std::move(node), anchor));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end())
      return fail(here(mark, 1), "an alias stands inside the value that it names", "refers to itself");
    add(named->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (failed_) return;
    Node node;
    node.type = Node::Type::Scalar;
    node.text = value;
    const auto extent = scalar_extent(text_, source_, offset(mark), value, indent());
    if (!extent) return fail(here(mark, 1), "the text is not YAML: a quote is not closed", "opens here");
    node.span = *extent;
    if (value.find('\0') != std::string::npos)
      return fail(node.span, "a text has the character NUL", "`\\0` ends a text for the kernel");
    node.weight = 1 + value.size() / 64;
    const char first = node.span.begin < text_.size() ? text_[node.span.begin] : ' ';
    node.plain = first != '\'' && first != '"' && first != '|' && first != '>';
    if (tag.starts_with(kCoreTag)) {
      node.plain = tag.substr(kCoreTag.size()) != "str";
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      return fail(here(mark, 1), fmt::format("the tag `{}` has no meaning here", tag), "remove it");
    }
    add(finish(std::move(node), anchor));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Type::List, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Type::Map, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    if (!failed_ && !open_.empty()) merge(open_.back());
    close();
  }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // a key waits for its value
    std::string key;
    Span key_span;
    std::unordered_map<std::string, Span> keys;
    std::vector<std::pair<NodePtr, Span>> merges;
  };

  [[nodiscard]] Span here(const YAML::Mark& mark, uint32_t length) const {
    const auto begin = static_cast<uint32_t>(offset(mark));
    return {source_, begin, begin + length};
  }

  /// Column of the key that is being read, below which a block scalar hangs.
  [[nodiscard]] size_t indent() const {
    if (open_.empty() || !open_.back().has_key) return 0;
    const size_t begin = open_.back().key_span.begin;
    const size_t line = text_.rfind('\n', begin);
    return line == std::string_view::npos ? begin - bom_ : begin - line - 1;
  }

  void fail(Span span, std::string message, std::string label) {
    if (!failed_) {
      hide_behind_words(sources_, source_);
      diagnostics_.report(Kind::YamlSyntax, span, std::move(message), std::move(label));
    }
    failed_ = true;
  }

  void open(Node::Type type, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (failed_) return;
    if (!tag.empty() && tag != "?" && tag != "!" && !tag.starts_with(kCoreTag))
      return fail(here(mark, 1), fmt::format("the tag `{}` has no meaning here", tag), "remove it");
    if (open_.size() >= kMaxDepth)
      return fail(here(mark, 1), fmt::format("more than {} levels", kMaxDepth), "nested too deeply");
    Frame frame;
    frame.node.type = type;
    frame.node.span = here(mark, 1);
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
  }

  void close() {
    if (failed_ || open_.empty()) return;
    Frame frame = std::move(open_.back());
    open_.pop_back();
    add(finish(std::move(frame.node), frame.anchor));
  }

  NodePtr finish(Node node, YAML::anchor_t anchor) {
    auto made = std::make_shared<const Node>(std::move(node));
    if (anchor != 0) anchors_[anchor] = made;
    return made;
  }

  bool grow(Frame& frame, const NodePtr& value, Span span) {
    frame.node.weight += value->weight;
    if (frame.node.weight <= kMaxWeight) return true;
    fail(span, fmt::format("the file has more than {} values, aliases counted", kMaxWeight), "one too many");
    return false;
  }

  void add(NodePtr value) {
    if (failed_) return;
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = open_.back();
    if (frame.node.type == Node::Type::List) {
      const size_t equals = value->text.find('=');  // NAME=value
      if (equals != std::string::npos && is_secret(value->text.substr(0, equals))) hide(sources_, *value);
      if (grow(frame, value, value->span)) frame.node.items.push_back(std::move(value));
    } else if (!frame.has_key) {
      if (value->type != Node::Type::Scalar)
        return fail(value->span, "a key is a text, and nothing else", "not a text");
      frame.key = value->text;
      frame.key_span = value->span;
      frame.has_key = true;
    } else {
      frame.has_key = false;
      add_member(frame, std::move(value));
    }
  }

  void add_member(Frame& frame, NodePtr value) {
    if (is_secret(frame.key)) hide(sources_, *value);
    if (!grow(frame, value, frame.key_span)) return;
    const auto [before, is_new] = frame.keys.emplace(frame.key, frame.key_span);
    if (!is_new) {
      diagnostics_
          .report(Kind::DuplicateKey, frame.key_span,
                  fmt::format("the key `{}` stands twice in one map", frame.key), "again here")
          .label(before->second, "first here")
          .hint("remove one of the two");
      failed_ = diagnostics_.enough();
    } else if (frame.key == "<<") {
      frame.merges.emplace_back(std::move(value), frame.key_span);
    } else {
      frame.node.members.push_back({std::move(frame.key), frame.key_span, std::move(value)});
    }
  }

  /// Own keys win over merged ones, earlier maps over later ones.
  void merge(Frame& frame) {
    for (const auto& [value, span] : frame.merges) {
      std::vector<NodePtr> maps =
          value->type == Node::Type::List ? value->items : std::vector<NodePtr>{value};
      for (const NodePtr& map : maps) {
        if (map->type != Node::Type::Map)
          return fail(span, "`<<` merges a map, or a list of maps", "not a map");
        for (const Member& member : map->members)
          if (frame.keys.emplace(member.key, member.key_span).second) frame.node.members.push_back(member);
      }
    }
  }

  SourceSet& sources_;
  std::string_view text_;
  uint32_t source_;
  size_t bom_;
  Diagnostics& diagnostics_;
  std::vector<Frame> open_;
  std::unordered_map<YAML::anchor_t, NodePtr> anchors_;
  NodePtr root_;
  bool failed_ = false;
};

/// What yaml-cpp's words mean to who wrote the text.
std::string_view remedy(std::string_view words) {
  constexpr std::pair<std::string_view, std::string_view> kRemedies[] = {
      {"illegal map value",
       "a text with `: ` in it is written in quotes; or the line is indented otherwise than the one before "
       "it"},
      {"illegal map key", "the line is indented otherwise than the one before it, or has no `:`"},
      {"illegal block entry", "a list begins on a line of its own, with `- `"},
      {"unknown token",
       "a text that begins with `@`, `%`, a back-tick or another such character is written in quotes"},
      {"end of map flow not found", "a `{` has no `}`"},
      {"end of sequence flow not found", "a `[` has no `]`"},
      {"illegal flow end", "`{` is closed by `}`, and `[` by `]`"},
      {"end of map not found",
       "what stands here belongs to no key: its line is indented otherwise, or has no `:`"},
      {"end of sequence not found", "what stands here belongs to no list: its line is indented otherwise"},
      {"unknown escape character", "in single quotes a backslash is a backslash"},
      {"the referenced anchor is not defined",
       "`*NAME` wants `&NAME` before it; a text that begins with `*` is written in quotes"},
  };
  for (const auto& [begin, text] : kRemedies)
    if (words.starts_with(begin)) return text;
  return "";
}

void report_syntax(SourceSet& sources, uint32_t source, size_t offset, std::string_view message,
                   Diagnostics& diagnostics) {
  const auto at = static_cast<uint32_t>(offset);
  hide_behind_words(sources, source);
  auto built = diagnostics.report(Kind::YamlSyntax, {source, at, at + 1},
                                  fmt::format("the text is not YAML: {}", message));
  const std::string_view line = sources.line_text(source, sources.place(source, at).line);
  const std::string_view indentation = line.substr(0, line.find_first_not_of(" \t"));
  if (indentation.find('\t') != std::string_view::npos)
    built.hint("indent with blanks: YAML allows no tabs there");
  else if (const std::string_view meant = remedy(message); !meant.empty())
    built.hint(std::string(meant));
}

}  // namespace

void hide(SourceSet& sources, const Node& node) {
  if (node.type == Node::Type::Scalar) sources.hide(node.span);
  for (const Member& member : node.members) hide(sources, *member.value);
  for (const NodePtr& item : node.items) hide(sources, *item);
}

NodePtr parse_yaml(SourceSet& sources, uint32_t source, Diagnostics& diagnostics) {
  const std::string_view text = sources.text(source);
  const size_t bom = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  if (text.size() > kMaxMebibytes << 20U) {
    diagnostics
        .report(Kind::YamlSyntax, {source, 0, 0},
                fmt::format("the file is longer than {} MiB: it has {} bytes", kMaxMebibytes, text.size()),
                "begins here")
        .hint("is it the right file? templates may stand in several: `workloads: {input: FOLDER}`");
    return nullptr;
  }
  if (const auto bad = find_bad_text(text)) {
    report_syntax(sources, source, bad->offset, bad->message, diagnostics);
    return nullptr;
  }
  TreeBuilder tree(sources, source, bom, diagnostics);
  try {
    std::istringstream stream{std::string(text.substr(bom))};
    YAML::Parser parser(stream);
    const bool any = parser.HandleNextDocument(tree);
    if (tree.failed()) return nullptr;
    if (!any || !tree.root()) return std::make_shared<const Node>();
    TreeBuilder second(sources, source, bom, diagnostics);
    if (parser.HandleNextDocument(second)) {
      const size_t at = second.root() ? second.root()->span.begin : text.size();
      report_syntax(sources, source, at, "a second document begins, and a configuration is one", diagnostics);
      return nullptr;
    }
  } catch (const YAML::Exception& e) {
    if (!tree.failed()) report_syntax(sources, source, tree.offset(e.mark), e.msg, diagnostics);
    return nullptr;
  } catch (const std::exception& e) {  // what yaml-cpp lets through of the standard library
    report_syntax(sources, source, 0, e.what(), diagnostics);
    return nullptr;
  }
  return tree.root();
}

}  // namespace cbench::config
