// `workloads`: templates of generated containers, from the file itself and from those that it imports.
#include "compiler/config/templates.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/config/fields.h"

namespace cbench::config {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kInput = "input";
constexpr size_t kMostTemplates = 10'000;

class TemplateReader {
 public:
  TemplateReader(Reading& reading, const Importer& importer) : reading_(reading), importer_(importer) {}

  void read(const Node& map, const fs::path& folder) {
    for (const Member& member : map.members) {
      if (reading_.diagnostics.enough()) return;
      if (member.key == kInput)
        read_input(member, folder);
      else
        add(member, folder);
    }
  }

  std::vector<Template> take() { return std::move(templates_); }

 private:
  void add(const Member& member, const fs::path& folder) {
    if (member.value->type != Node::Type::Map) {
      reading_.diagnostics.report(Kind::WrongType, member.key_span,
                                  fmt::format("template `{}` is not a map", shown(member.key)),
                                  "must have `command` and more");
      return;
    }
    const auto [before, is_new] = names_.emplace(member.key, member.key_span);
    if (!is_new) {
      reading_.diagnostics
          .report(Kind::DuplicateKey, member.key_span,
                  fmt::format("two templates have the name `{}`", shown(member.key)), "again here")
          .label(before->second, "first here")
          .hint("names tell templates apart: change one");
      return;
    }
    if (templates_.size() == kMostTemplates) {
      reading_.diagnostics.report(Kind::OutOfRange, member.key_span,
                                  fmt::format("there are more than {} templates", kMostTemplates),
                                  "one too many");
      return;
    }
    templates_.push_back({member, folder});
  }

  void read_input(const Member& member, const fs::path& folder) {
    constexpr Key kKey{
        .name = kInput, .type = Type::Texts, .doc = "files or folders with templates, relative to this file"};
    const auto field = read_field(reading_, kKey, member);
    if (!field) return;
    for (const Located<std::string>& path : field->texts) import(path, folder);
  }

  void import(const Located<std::string>& path, const fs::path& folder) {
    if (path.value.empty()) {  // would be the whole folder of this file
      reading_.diagnostics
          .report(Kind::BadImport, path.span, "an empty text names no file or folder", "is empty")
          .hint("`input` is a path, or a list of them, relative to this file");
      return;
    }
    const std::string whole = (folder / path.value).lexically_normal().string();
    const auto files = importer_(whole);
    if (!files.ok()) {
      auto built = reading_.diagnostics.report(
          Kind::BadImport, path.span,
          fmt::format("`{}` cannot be imported: {}", shown(path.value), files.error().message), "named here");
      if (!files.error().hint.empty() && fs::path(path.value).is_relative()) built.hint(files.error().hint);
      return;
    }
    const fs::path shown_folder = fs::path(reading_.sources.name(path.span.source)).parent_path();
    for (const ImportedText& file : *files)
      import(file, path.span, shown_name(file.path, folder, shown_folder));
  }

  /// The file's path as seen from where the user is.
  static std::string shown_name(const std::string& path, const fs::path& folder,
                                const fs::path& shown_folder) {
    const fs::path relative = fs::path(path).lexically_relative(folder);
    return relative.empty() ? path : (shown_folder / relative).lexically_normal().string();
  }

  void import(const ImportedText& file, Span from, const std::string& name) {
    const auto [before, is_new] = imported_.emplace(file.path, from);
    if (!is_new) {
      reading_.diagnostics
          .report(Kind::BadImport, from, fmt::format("`{}` is imported twice", shown(name)), "again here")
          .label(before->second, "first here")
          .hint("remove one of the two; a file cannot import itself either, not even by way of others");
      return;
    }
    const uint32_t source = reading_.sources.add(name, file.text);
    const size_t errors = reading_.diagnostics.error_count();
    const NodePtr root = parse_yaml(reading_.sources, source, reading_.diagnostics);
    const bool good = root && reading_.diagnostics.error_count() == errors;
    reading_.imported.emplace_back(file.path, source);
    if (!good || root->type == Node::Type::Null) return;
    if (root->type != Node::Type::Map) {
      report_not_templates({source, 0, 0}, from, name);
      return;
    }
    // container-bench's job folders have their templates under `workloads`.
    const bool wrapped = root->members.size() == 1 && root->members[0].key == "workloads" &&
                         root->members[0].value->type == Node::Type::Map;
    const Node& map = wrapped ? *root->members[0].value : *root;
    for (const Member& member : map.members)  // a whole benchmark is no import
      if (has_key(top_keys(), member.key)) return report_not_templates(member.key_span, from, name);
    read(map, fs::path(file.path).parent_path());
  }

  void report_not_templates(Span at, Span from, const std::string& name) {
    reading_.diagnostics
        .report(Kind::BadImport, at, fmt::format("`{}` is no map of templates", shown(name)),
                "an imported file has templates only")
        .label(from, "imported here")
        .hint("each top-level key is a template: `name: {image: …, command: …, num_cores: 1}`");
  }

  Reading& reading_;
  const Importer& importer_;
  std::vector<Template> templates_;
  std::map<std::string, Span> names_, imported_;
};

}  // namespace

std::vector<Template> read_templates(Reading& reading, const Node& workloads, const Importer& importer) {
  TemplateReader reader(reading, importer);
  reader.read(workloads, reading.folder);
  return reader.take();
}

}  // namespace cbench::config
