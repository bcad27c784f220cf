#include "runtime/driver/sources.h"

#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "compiler/native/native.h"
#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

Result<Bench> configured(Bench bench, uint32_t source, const std::string& path,
                         const Environment& environment, Console& console, const Overrides& overrides,
                         const Importer& importer = import_files) {
  Diagnostics diagnostics;
  std::optional<RunSpec> spec =
      configure(bench.sources, source, path, environment, diagnostics, overrides, importer);
  console.show(diagnostics, bench.sources);
  if (!spec) return already_shown();
  bench.spec = std::move(*spec);
  return bench;
}

}  // namespace

Result<Bench> load_bench(const std::string& path, Console& console, const Overrides& overrides) {
  Bench bench;
  const Result<uint32_t> source = bench.sources.load(path);
  if (!source.ok()) return source.error();
  const Result<Environment> environment = process_environment(path);
  if (!environment.ok()) return environment.error();
  return configured(std::move(bench), *source, path, *environment, console, overrides);
}

Result<Bench> recorded_bench(const TraceHeader& header, const Environment& environment, Console& console) {
  Bench bench;
  const uint32_t source = bench.sources.add(header.config_path, header.config_text);
  const std::map<std::string, std::string> recorded(header.variables.begin(), header.variables.end());
  const Environment answer = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = recorded.find(name);
    return found != recorded.end() ? found->second : environment(name);
  };
  const Overrides overrides{.engine = header.engine == "process" ? EngineKind::Process : EngineKind::Docker,
                            .seed = header.seed,
                            .time_scale = header.time_scale};
  return configured(std::move(bench), source, header.config_path, answer, console, overrides,
                    import_recorded(header.imports));
}

Result<PolicySource> load_policy(SourceSet& sources, const std::string& name) {
  std::error_code ignored;
  const bool is_file = name == "-" || std::filesystem::exists(name, ignored);
  if (const std::string_view text = stock_policy(name); !is_file && !text.empty())
    return PolicySource{sources.add(fmt::format("stock:{}", name), std::string(text)),
                        fmt::format("stock:{}", name)};
  if (!is_file)
    return Error{Exit::Invalid, fmt::format("`{}` is neither a file nor a stock policy", name),
                 fmt::format("stock policies are {}", fmt::join(stock_names(), ", "))};
  const Result<uint32_t> source = sources.load(name);
  if (!source.ok()) return source.error();
  return PolicySource{*source, name};
}

Result<std::optional<PolicySource>> choose_policy(Bench& bench, const std::string& given) {
  const RunSpec& spec = bench.spec;
  std::string name = given;
  if (name.empty()) name = spec.policy.value;
  if (name.empty() && !spec.scheduler.value.empty()) {
    name = spec.scheduler.value;
    if (stock_policy(name).empty())
      return Error{
          Exit::Invalid,
          fmt::format("{}:{}: there is no stock policy for the scheduler `{}`", spec.path,
                      bench.sources.line(spec.scheduler.span), name),
          fmt::format("give one with --policy; stock policies are {}", fmt::join(stock_names(), ", "))};
    return std::optional(
        PolicySource{bench.sources.add("stock:" + name, std::string(stock_policy(name))), "stock:" + name});
  }
  if (name.empty()) return std::optional<PolicySource>();
  Result<PolicySource> loaded = load_policy(bench.sources, name);
  if (!loaded.ok()) return loaded.error();
  return std::optional(*loaded);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_params(const std::vector<std::string>& given) {
  std::vector<std::pair<std::string, std::string>> params;
  for (const std::string& text : given) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{Exit::Usage, fmt::format("--param wants name=value, not `{}`", text), ""};
    params.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return params;
}

std::vector<ParamSetting> all_params(const RunSpec& spec,
                                     const std::vector<std::pair<std::string, std::string>>& given) {
  std::vector<ParamSetting> params = spec.params;
  for (const auto& [name, value] : given) params.emplace_back(name, Located<std::string>{value, {}});
  return params;
}

Result<CompiledPolicy> compile(const SourceSet& sources, const PolicySource& policy,
                               const CompileTarget& target, Console& console) {
  Diagnostics diagnostics;
  std::optional<CompiledPolicy> compiled =
      compile_policy(sources, policy.source, target, native_codegen(), diagnostics);
  console.show(diagnostics, sources);
  if (!compiled) return already_shown();
  return std::move(*compiled);
}

}  // namespace cbench
