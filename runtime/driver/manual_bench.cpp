// bench.yml(5), from the table by which the file is checked.
#include <cmath>

#include <fmt/format.h>

#include "compiler/config/keys.h"
#include "runtime/driver/manual.h"
#include "runtime/driver/roff.h"
#include "runtime/driver/starter.h"

namespace cbench {
namespace {

using config::Key;
using config::Keys;
using config::Type;
using config::Use;

std::string_view type_name(Type type) {
  switch (type) {
    case Type::Text:
      return "text";
    case Type::Secret:
      return "text that is never shown";
    case Type::Bool:
      return "true or false";
    case Type::Integer:
      return "whole number";
    case Type::Number:
      return "number";
    case Type::Seconds:
      return "seconds";
    case Type::Milliseconds:
      return "whole milliseconds";
    case Type::Fraction:
      return "fraction, 0.9 or 90%";
    case Type::Bytes:
      return "bytes, such as 512m";
    case Type::Cpus:
      return "list, such as \"0-3,8\"";
    case Type::Choice:
      return "choice";
    case Type::Texts:
      return "text or list of texts";
    case Type::Pairs:
      return "map of texts, or list of NAME=value";
    case Type::Map:
      return "map";
    case Type::TextMap:
      return "map of texts";
    case Type::Metrics:
      return "true, false, or a map of metrics to these";
    case Type::Anything:
      break;
  }
  return "value";
}

/// "(seconds, above 0; required)"
std::string kind_of(const Key& key) {
  std::string out(type_name(key.type));
  constexpr double kPractical = 1e6;  // what is more only keeps numbers in range
  if (std::isfinite(key.low)) out += fmt::format(", {} {}", key.above ? "above" : "at least", key.low);
  if (key.high < kPractical) out += fmt::format(", at most {}", key.high);
  if (!key.choices.empty()) out += fmt::format(": {}", fmt::join(config::choices_of(key), ", "));
  return "(" + out + (key.use == Use::Required ? "; required" : "") + ")";
}

/// Keys with a meaning, those within maps by their path. A container's `data` has a table of its own.
std::string entries(Keys keys, const std::string& before) {
  std::string out;
  for (const Key& key : keys) {
    if (key.use != Use::Optional && key.use != Use::Required) continue;
    const std::string path = before + std::string(key.name);
    out += roff::entry(roff::bold(path), roff::text(std::string(key.doc) + " " + kind_of(key)));
    const bool sampling = keys.data() == config::container_keys().data() && key.name == "data";
    out += entries(sampling ? config::data_keys() : key.members, path + ".");
  }
  return out;
}

}  // namespace

ManualPage bench_page() {
  std::string out = fmt::format(
      ".TH BENCH.YML 5 \"\" \"cbench {}\" \"cbench\"\n.SH NAME\nbench.yml \\- a benchmark for cbench\n"
      ".SH DESCRIPTION\nA run is one YAML file: the key {}, and one key for each container. {} writes one to "
      "begin with, and {} checks one.\n.PP\nA variable of the environment, or of a file .env, is put in for "
      "{}, {} where it is not set, and a dollar sign for {}.\n",
      CBENCH_VERSION, roff::bold("benchmark"), roff::bold("cbench init"),
      roff::bold("cbench validate bench.yml"), roff::bold("${NAME}"), roff::bold("${NAME:-default}"),
      roff::bold("$$"));
  for (const Key& key : config::top_keys()) {
    const std::string below = entries(key.members, "");
    if (!below.empty()) out += fmt::format(".SH KEYS OF {}\n", key.name) + below;
  }
  out += ".SH KEYS OF A CONTAINER\nEvery other key of the file is a container's, with these:\n" +
         entries(config::container_keys(), "") + ".SH EXAMPLES\n" +
         roff::example(starter_bench("process", "")) + ".SH SEE ALSO\n" + roff::bold("cbench-run") +
         "(1),\n" + roff::bold("cbench-validate") + "(1),\n" + roff::bold("cbench-init") + "(1)\n";
  return {"bench.yml", 5, out};
}

}  // namespace cbench
