// A bench.yml from random choices: it walks the tables of keys, mostly with values of the right type. Secrets
// stand under their keys only, and each of them has kSecret in it.
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/config/keys.h"
#include "stdlib/abi/vocabulary.h"
#include "tests/support/choices.h"

namespace cbench::test {

class RandomConfig {
 public:
  static constexpr std::string_view kSecret = "h1ddenW0rd";

  explicit RandomConfig(Choices& choices) : choices_(choices) { write(); }

  std::string text;
  std::vector<std::pair<std::string, std::string>> imports;  ///< name and text, beside the file

 private:
  using Type = config::Type;
  using Key = config::Key;
  using Keys = config::Keys;

  static const Key& key_of(Keys keys, std::string_view name) {
    for (const Key& key : keys)
      if (key.name == name) return key;
    std::abort();
  }

  void write() {
    process_ = choices_.one_in(2);
    const auto top = config::top_keys();
    text = "benchmark: " + map(key_of(top, "benchmark").members, 0) + "\n";
    common_ = choices_.one_in(2);
    if (common_) text += "data: " + anchored(map(config::data_keys(), 1), kData) + "\n";
    for (size_t i = 1 + choices_.below(3); i-- > 0;)
      text += fmt::format("{}: {}\n", choices_.one_in(60) ? wrong() : fmt::format("c{}", i),
                          container(config::container_keys()));
    if (!choices_.one_in(3)) return;
    text += "arrival: " + map(key_of(top, "arrival").members, 0) + "\n";
    text += "workloads:\n";
    if (choices_.one_in(2)) text += "  input: " + input(0) + "\n";
    for (size_t i = choices_.below(3); i-- > 0;)
      text += fmt::format("  t{}: {}\n", i, container(config::template_keys()));
  }

  /// Names files of templates, which it writes; they may name more of them, or themselves.
  std::string input(int depth) {
    const std::string name = fmt::format("imp{}.yml", imports.size());
    imports.emplace_back(name, "");
    const size_t at = imports.size() - 1;
    std::string file = choices_.one_in(4) ? "# a comment\n" : "";
    const auto outside = std::exchange(anchors_, {});
    for (size_t i = choices_.below(3); i-- > 0;)
      file += fmt::format("i{}-{}: {}\n", at, i, container(config::template_keys()));
    if (depth < 2 && choices_.one_in(4)) file += "input: [" + input(depth + 1) + "]\n";
    anchors_ = outside;
    imports[at].second = std::move(file);
    if (choices_.one_in(12)) return "[imp0.yml, none.yml]";
    return name;
  }

  std::string container(Keys keys) {
    if (!anchors_[kContainer].empty() && choices_.one_in(10)) return "*" + choices_.of(anchors_[kContainer]);
    return anchored(map(keys, 0), kContainer);
  }

  /// `kind`: what it may be used for again; kContainer, kData or a Type.
  std::string anchored(std::string value, int kind) {
    // A secret that is used under another name is nobody's secret.
    if (!choices_.one_in(4) || value.empty() || value[0] == '*' || value.find(kSecret) != std::string::npos ||
        value.find("${PW}") != std::string::npos)
      return value;
    const std::string name = fmt::format("n{}", count_++);
    value = "&" + name + " " + value;
    anchors_[kind].push_back(name);
    return value;
  }

  bool wanted(const Key& key) {
    static constexpr std::string_view kDockerOnly[] = {"image",      "entrypoint", "port", "volumes",
                                                       "privileged", "pull",       "user"};
    if (key.name == "engine") return process_;
    for (const std::string_view only : kDockerOnly)
      if (key.name == only && process_) return choices_.one_in(40);
    if (key.name == "image" || key.name == "command") return !choices_.one_in(40);
    if (key.name == "docker" || key.name == "frequency") return !choices_.one_in(30);
    if (key.use == config::Use::Required) return !choices_.one_in(key.name == "data" && common_ ? 2 : 300);
    if (key.name == "app" || key.name == "target" || key.name == "drain") return choices_.one_in(10);
    return choices_.one_in(6);
  }

  std::string map(Keys keys, int depth) {
    std::string out = "{";
    const auto& bases = anchors_[keys.data() == config::data_keys().data() ? kData : kContainer];
    if (depth < 2 && !bases.empty() && choices_.one_in(8) && keys.size() > 4)
      out += choices_.one_in(2)
                 ? "<<: *" + choices_.of(bases) + ", "
                 : "<<: [*" + choices_.of(bases) + ", {" + std::string(keys[0].name) + ": 1}], ";
    for (const Key& key : keys) {
      if (!wanted(key) || text.size() + out.size() > 20'000) continue;
      out += std::string(key.name) + ": " + value(key, depth) + ", ";
      if (choices_.one_in(1000)) out += std::string(key.name) + ": x, ";
    }
    if (choices_.one_in(300)) out += wrong() + ": " + wrong() + ", ";
    return out + "}";
  }

  std::string value(const Key& key, int depth) {
    if (key.type == Type::Secret) return secret();
    if (choices_.one_in(300)) return wrong();
    const auto type = static_cast<int>(key.type);
    const bool plain = key.type != Type::Pairs && key.type != Type::Map && key.type != Type::Metrics &&
                       key.type != Type::TextMap && key.type != Type::Texts;
    if (plain && !anchors_[type].empty() && choices_.one_in(10)) return "*" + choices_.of(anchors_[type]);
    const std::string made = of_type(key, depth);
    return plain ? anchored(made, type) : made;
  }

  std::string secret() {
    const std::string word(kSecret);
    const std::vector<std::string> all{word,
                                       "'" + word + "''s'",
                                       "\"" + word + "\\t\\\"x\"",
                                       "\"${PW}\"",
                                       "\"a ${PW} b\"",
                                       "\"${NO:-" + word + "}\"",
                                       "\"${NO}\"",
                                       "\"\"",
                                       "~",
                                       "'" + word + "\n   folded'",
                                       "&s " + word,
                                       "!!str " + word};
    return choices_.of(all);
  }

  std::string wrong() {
    static const std::vector<std::string> kAll{"~",
                                               "[]",
                                               "{}",
                                               "[a, [b]]",
                                               "{a: {b: c}}",
                                               "yes",
                                               "-1",
                                               "0x10",
                                               ".nan",
                                               "1e999",
                                               "\"5\"",
                                               "''",
                                               "\"${NO}\"",
                                               "${",
                                               "a b",
                                               "99999999999999999999",
                                               "\"\\u00e9\\n\"",
                                               "x\ty",
                                               "*none",
                                               "!tag x",
                                               "[",
                                               "'",
                                               "é",
                                               "<<",
                                               "null",
                                               "0-",
                                               "3-1",
                                               "5m"};
    const std::string& one = choices_.of(kAll);
    // What stands between two such quotes is a text, whatever it looks like.
    return one == "'" && std::exchange(quoted_, true) ? "x" : one;
  }

  std::string of_type(const Key& key, int depth) {
    const std::string_view name = key.name;
    if (name == "data" && key.members.empty()) return map(config::data_keys(), depth + 1);
    if (name == "max_t") return pick({"10", "60.5", "\"${TEN}\"", "1e1"});
    if (name == "implementation")
      return pick({"default", "fair-share", "least_loaded", "probe", "\"${NO:-dicer}\""});
    if (name == "from") return pick({"stdout", "file", "socket"});
    if (name == "path") return pick({"a.log", "/x/a.log"});
    if (name == "address") return pick({"127.0.0.1:80", "unix:a.sock", "localhost:1"});
    if (name == "pattern")
      return pick({"'(?<latency_p95>.+)'", "'(?<throughput>\\S+) q=(?<queue>\\d+)'", "'(?<own>x)$'", "'('"});
    if (name == "units")
      return pick({"{latency_p95: us, queue: count}", "{queue: count}", "{own: '%'}", "{own: MB/s}"});
    if (name == "peak_bandwidth") return pick({"80GB/s", "75GiB/s", "1B/s"});
    if (name == "target")
      return pick(
          {"{pids: 7}", "{latency_p95: 5ms}", "{cpu_usage_percent: 80%, ipce: 0.7}", "{throughput: 3/s}"});
    if (name == "port") return pick({"80:80", "[\"80:80\", \"[::1]:81:82/udp\"]", "127.0.0.1:81:80"});
    if (name == "volumes") return pick({"a:/a", "[./a:/a:ro, \"/b c:/b\"]", "../x:/x"});
    if (name == "name" && key.use == config::Use::Optional && depth == 0) return fmt::format("n{}", count_++);
    if (name == "app" && !choices_.one_in(8)) return app();
    if (name == "engine") return "process";
    if (name == "index") return fmt::format("{}", count_++);
    if (name == "core") {
      count_ += 2;
      return fmt::format("\"{}-{}\"", count_ - 2, count_ - 1);
    }
    if (name == "start_t") return pick({"0", "1", "2.5", "0.125"});
    if (name == "stop_t") return pick({"8", "9.999999999", "10"});
    if (name == "expected_t" || name == "discard") return pick({"0", "0.1", "\"${ONE}\""});
    if (name == "length" && key.type == Type::Seconds) return pick({"1", "7", "3000", "1.000000001"});
    switch (key.type) {
      case Type::Bool:
        return pick({"true", "false", "True", "\"${YES}\""});
      case Type::Integer:
        return pick({"1", "2", "3", "\"${ONE}\"", "007"});
      case Type::Number:
      case Type::Seconds:
        return pick({"1", "2", "0", "5", "\"${ONE}\"", "3.25", "0.000000001", "99"});
      case Type::Milliseconds:
        return pick({"100", "250", "1", "\"${TEN}0\"", "70"});
      case Type::Fraction:
        return pick({"0.5", "80%", "1", "33.3%", "0.1"});
      case Type::Bytes:
        return pick({"512m", "1.5 GiB", "4096", "1k"});
      case Type::Cpus:
        return pick({"0", "\"0-1\"", "\"0,2-3\"", "7", "1023"});
      case Type::Choice:
        return choice(key.choices);
      case Type::Texts:
        return pick({"x", "[x, \"y z\", '$$']", "[]"});
      case Type::Pairs:
        return pairs();
      case Type::TextMap:
        return pick({"{a: b, share: 60%}", "{token_rate: \"5\"}", "{x: \"${ONE}\"}", "{}"});
      case Type::Metrics:
        return metrics(name);
      case Type::Map:
        return map(key.members, depth + 1);
      case Type::Anything:
        return pick({"x", "{a: b}", "3", "[1]"});
      case Type::Secret:
      case Type::Text:
        break;
    }
    return pick({"x",         "'it''s'", "\"a: b # c\"", "\"${A}\"", "\"${NO:-d}\"", "$$x",
                 "\"a\\nb\"", "é",       "007",          "true",     "\" x \"",      "\"null\"",
                 "'~'",       "\"*a\"",  "'- x'",        "a\n   b",  "\"\\t\"",      "'%x'",
                 "\"---\"",   "0x1F",    "'\"'",         "\"${A}$\""});
  }

  std::string pick(const std::vector<std::string>& all) { return choices_.of(all); }

  std::string choice(std::string_view words) {
    std::vector<std::string> all;
    while (!words.empty()) {
      const size_t end = std::min(words.find(' '), words.size());
      all.emplace_back(words.substr(0, end));
      words.remove_prefix(std::min(end + 1, words.size()));
    }
    return choices_.of(all);
  }

  std::string pairs() {
    const bool list = choices_.one_in(2);
    std::string out = list ? "[" : "{";
    for (size_t i = choices_.below(4); i-- > 0;) {
      const bool hidden = choices_.one_in(3);
      const std::string name =
          fmt::format("{}{}", hidden ? pick({"A_TOKEN", "password", "Secret", "PASSWD"}) : "V", i);
      if (!list)
        out += name + ": " + (hidden ? secret() : of_type({.name = "v", .doc = ""}, 0)) + ", ";
      else if (hidden)
        out += pick({name + "=" + std::string(kSecret), "'" + name + "=" + std::string(kSecret) + "'",
                     "\"" + name + "=${PW} x\"", "\"" + name + "=\\\"" + std::string(kSecret) + "\"",
                     name + "="}) +
               ", ";
      else
        out += pick({name + "=1", name + "=a=b", "'" + name + "= x'", "\"" + name + "=${A}\"", name + "="}) +
               ", ";
    }
    return out + (list ? "]" : "}");
  }

  std::string app() {
    return pick(
        {"{from: stdout, pattern: '(?<latency_p95>.+)', units: {latency_p95: us}, frequency: 500}",
         "{from: file, path: a.log, pattern: '(?<throughput>\\S+) q=(?<queue>\\d+)', units: {queue: count}}",
         "{from: socket, address: \"unix:a.sock\", request: \"stats\\n\", pattern: 'x=(?<own>$)', units: "
         "{own: '%'}}",
         "{from: stdout, pattern: \"(?<latency_mean>\\\\S+) $$\"}"});
  }

  std::string metrics(std::string_view group) {
    if (choices_.one_in(3)) return pick({"true", "true", "\"${YES}\"", "false"});
    std::string out = group == "docker" ? "{pids: true, " : "{";
    for (const MetricInfo& metric : kMetrics)
      if (kMetricGroups[static_cast<size_t>(metric.group)] == group && metric.name != "pids" &&
          choices_.one_in(10))
        out += std::string(metric.name) + ": " + pick({"true", "true", "false"}) + ", ";
    if (choices_.one_in(6)) out += "all: true, ";
    if (choices_.one_in(6)) out += "frequency: 50, ";
    if (group == "perf" && choices_.one_in(6))
      out += "events: {uops: r01c2, mine: " + pick({"A:B", "r1"}) + "}, ";
    if (group == "perf" && choices_.one_in(6)) out += "min_running: 33%, ";
    return out + "}";
  }

  static constexpr int kContainer = 1000, kData = 1001;
  Choices& choices_;
  bool process_ = false, common_ = false, quoted_ = false;
  std::map<int, std::vector<std::string>> anchors_;
  size_t count_ = 0;
};

}  // namespace cbench::test
