#include "compiler/check/test_case.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "compiler/check/types.h"
#include "compiler/check/vocabulary_names.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/target.h"

namespace cbench::check {
namespace {

constexpr std::string_view kHostFacts[] = {"num_cpus",    "num_sockets", "num_domains", "l3_ways",
                                           "num_closids", "mb_kind",     "memory",      "peak_bandwidth"};
constexpr double kMostSteps = 1e6;

class Tests {
 public:
  Tests(const ast::Policy& policy, Diagnostics& diagnostics) : policy_(policy), diagnostics_(diagnostics) {
    for (const ast::Decl& decl : policy.decls)
      if (const auto* declared = std::get_if<ast::ClassDecl>(&decl.node))
        for (const auto& item : declared->items) classes_.push_back(&item);
    own_ = declared_metrics(policy);
  }

  std::optional<std::vector<TestCase>> all() {
    const size_t before = diagnostics_.error_count();
    std::vector<TestCase> out;
    for (const ast::Decl& decl : policy_.decls)
      if (const auto* test = std::get_if<ast::Test>(&decl.node); test && !diagnostics_.enough())
        out.push_back(one(*test));
    if (diagnostics_.error_count() > before) return std::nullopt;
    return out;
  }

 private:
  TestCase one(const ast::Test& test) {
    test_ = TestCase{test.name, test.name_span, own_, {}, {}, {}, {}};
    from_file_ = false;
    if (const auto [first, is_new] = names_.try_emplace(test.name, test.name_span); !is_new)
      diagnostics_
          .report(Kind::Redeclared, test.name_span, "there is a test of this name already",
                  "a second time here")
          .label(first->second, "first here");
    for (const ast::TestItem& item : test.items)
      std::visit([&](const auto& part) { add(part, item.span); }, item.node);
    for (const ast::TestItem& item : test.items) {  // after everything that names a container
      if (diagnostics_.enough()) break;
      if (const auto* expect = std::get_if<ast::TestExpect>(&item.node)) add_expectation(*expect, item.span);
    }
    if (test_.expectations.empty())
      diagnostics_.report(Kind::BadTest, test.name_span, "the test expects nothing")
          .hint(
              "say what has to happen: `expect move A -> jail within 8 steps`, or what must not: `expect no "
              "move A`");
    return std::move(test_);
  }

  [[nodiscard]] TestContainer* find(const std::string& name) {
    for (TestContainer& container : test_.containers)
      if (container.name == name) return &container;
    return nullptr;
  }
  TestContainer& container(const std::string& name) {
    if (TestContainer* known = find(name)) return *known;
    test_.containers.push_back({name, "", "", false, false, {}, false, {}});
    return test_.containers.back();
  }

  std::optional<int64_t> whole(const ast::TestNumber& number, const char* what, double most) {
    const ast::NumberLiteral& n = number.literal;
    const UnitTag tag = info(n.unit).tag;
    const bool plain =
        n.unit == Unit::None || tag == UnitTag::Step || tag == UnitTag::Way || tag == UnitTag::Core;
    if (n.is_integer && plain && n.integer >= 0 && static_cast<double>(n.integer) <= most) return n.integer;
    diagnostics_.report(Kind::BadTest, number.span,
                        fmt::format("{} is a whole number from 0 to {:.0f}", what, most));
    return std::nullopt;
  }

  bool is_host_fact(const ast::Name& name) {
    const std::vector<std::string> known(std::begin(kHostFacts), std::end(kHostFacts));
    if (std::find(known.begin(), known.end(), name.text) != known.end()) return true;
    const std::string near = nearest(name.text, known);
    diagnostics_
        .report(Kind::UnknownName, name.span, fmt::format("a test cannot say `{}` of its host", name.text),
                near.empty() ? "" : fmt::format("did you mean `{}`?", near))
        .hint(fmt::format("it can say {}", fmt::join(known, ", ")));
    return false;
  }

  void add(const ast::TestHost& host, Span) {
    const std::vector<std::string> kinds(std::begin(kMbKindNames), std::end(kMbKindNames));
    for (const auto& [name, word] : host.words) {
      if (!is_host_fact(name)) continue;
      const auto kind = std::find(kinds.begin(), kinds.end(), word.text);
      if (name.text == "mb_kind" && kind != kinds.end()) {
        test_.host.emplace_back(name.text, kind - kinds.begin());
        continue;
      }
      const std::string near = name.text == "mb_kind" ? nearest(word.text, kinds) : "";
      diagnostics_
          .report(Kind::BadTest, word.span, fmt::format("`{}` is no value of `{}`", word.text, name.text),
                  near.empty() ? "" : fmt::format("did you mean `{}`?", near))
          .hint(name.text == "mb_kind" ? fmt::format("it is {}", fmt::join(kinds, ", ")) : "it is a number");
    }
    for (const auto& [name, value] : host.facts) {
      if (name.text == "mb_kind") {
        diagnostics_.report(Kind::BadTest, value.span, "`mb_kind` is a word, not a number")
            .hint(fmt::format("it is {}", fmt::join(kinds, ", ")));
      } else if (!is_host_fact(name)) {
        continue;
      } else if (name.text == "memory" || name.text == "peak_bandwidth") {
        const ast::NumberLiteral& n = value.literal;
        const bool memory = name.text == "memory";
        if (dim_of(n.unit) == (memory ? Dim{1, 0, 0, 0, UnitTag::None} : kRate.dim))
          test_.host.emplace_back(name.text, static_cast<int64_t>(canonical(n.value, n.unit)));
        else
          diagnostics_
              .report(Kind::UnitMismatch, value.span,
                      fmt::format("`{}` is in {}", name.text, memory ? "bytes" : "bytes/s"))
              .hint(memory ? "write `memory: 64GiB`" : "write `peak_bandwidth: 80GB/s`");
      } else if (const auto n = whole(value, "a number of CPUs, sockets, domains, ways or CLOSIDs",
                                      name.text == "num_cpus" ? 1024 : 64)) {
        if (name.text != "l3_ways" && name.text != "num_closids" && *n == 0)
          diagnostics_.report(Kind::BadTest, value.span, "a host has at least one CPU, socket and domain");
        else
          test_.host.emplace_back(name.text, *n);
      }
    }
  }

  /// {0, 2..3}: numbers only.
  CpuSet cpus(const ast::Expr& e) {
    CpuSet out;
    const auto number = [&](const ast::ExprPtr& part) -> std::optional<size_t> {
      const auto* n = std::get_if<ast::NumberLiteral>(&part->node);
      if (n != nullptr && n->is_integer && n->unit == Unit::None && n->integer >= 0 &&
          static_cast<size_t>(n->integer) < out.size())
        return static_cast<size_t>(n->integer);
      diagnostics_.report(Kind::BadTest, part->span, "a CPU of a test is a plain number");
      return std::nullopt;
    };
    for (const auto& [low, high] : std::get<ast::CpuSetLiteral>(e.node).ranges) {
      const auto from = number(low);
      const auto to = high ? number(high) : from;
      if (from && to)
        for (size_t cpu = *from; cpu <= *to; ++cpu) out.set(cpu);
    }
    return out;
  }

  void add(const ast::TestContainer& c, Span span) {
    if (find(c.name.text) != nullptr) {
      diagnostics_
          .report(Kind::Redeclared, c.name.span,
                  fmt::format("the test names `{}` before it describes it", c.name.text))
          .hint("describe a container once, before it is fed or started");
      return;
    }
    TestContainer& made = container(c.name.text);
    made.critical = c.critical;
    made.priority = c.priority;
    made.role = c.role;
    made.image = c.image;
    if (c.cpus) made.cpus = cpus(*c.cpus);
    for (const auto& [name, value] : c.targets) add_target(name, value, made);
    (void)span;
  }

  void add_target(const ast::Name& name, const ast::TestNumber& number, TestContainer& container) {
    const auto metric = target_named(name, own_, diagnostics_);
    if (!metric) return;
    for (const auto& [known, value] : container.targets)
      if (known == *metric)
        diagnostics_.report(Kind::Redeclared, name.span,
                            fmt::format("the target of `{}` is set twice", name.text));
    if (const auto value = target_value(*metric, number.literal.value, number.literal.unit))
      container.targets.emplace_back(*metric, *value);
    else
      diagnostics_
          .report(Kind::UnitMismatch, number.span,
                  fmt::format("this is no target of `{}`, which is {}", info(*metric).field,
                              to_string(type_of(*metric))),
                  "not a value of this metric above 0")
          .hint(fmt::format("such as `{}: {}`", name.text, target_example(*metric)));
  }

  void add(const ast::TestLife& life, Span span) {
    const bool known = find(life.container.text) != nullptr;
    TestContainer& c = container(life.container.text);
    const bool first = std::none_of(test_.events.begin(), test_.events.end(), [&](const TestEvent& e) {
      return (e.kind == TestEvent::Kind::Start || e.kind == TestEvent::Kind::Stop) && e.text == c.name;
    });
    if (!life.start && !known)
      diagnostics_.report(Kind::UnknownName, life.container.span,
                          fmt::format("the test has no container `{}` to stop", life.container.text));
    if (life.start && first) c.later = true;
    test_.events.push_back(
        {life.start ? TestEvent::Kind::Start : TestEvent::Kind::Stop, 0, {}, c.name, span});
  }

  void add(const ast::TestFeed& feed, Span span) {
    if (!feed.steps) {
      from_file_ = true;
      test_.events.push_back({TestEvent::Kind::File, 0, {}, feed.file, span});
      return;
    }
    TestEvent event{TestEvent::Kind::Feed, 0, {}, "", span};
    event.steps = whole(*feed.steps, "a number of steps", kMostSteps).value_or(0);
    for (const ast::TestCell& cell : feed.cells) {
      const auto metric = metric_named(cell.group, cell.metric, test_.own, diagnostics_);
      if (!metric) continue;
      (void)container(cell.container.text);
      TestCell made{cell.container.text, *metric, std::nullopt};
      if (cell.value) made.value = value_of(*cell.value, *metric);
      event.cells.push_back(std::move(made));
    }
    test_.events.push_back(std::move(event));
  }

  void add(const ast::TestExpect&, Span) {}

  /// In the metric's own unit.
  double value_of(const ast::TestNumber& number, Metric metric) {
    const ast::NumberLiteral& n = number.literal;
    const Type type = type_of(metric);
    const bool zero = n.unit == Unit::None && n.value == 0;
    if (!zero && !addable(dim_of(n.unit), type.dim)) {
      const std::string example = example_literal(type.dim, n.value);
      diagnostics_.report(
          Kind::UnitMismatch, number.span,
          fmt::format("`{}` is measured in {}", info(metric).field, to_string(type)),
          n.unit == Unit::None && !example.empty() ? fmt::format("did you mean `{}`?", example) : "");
    }
    const double value = canonical(n.value, n.unit);
    return info(info(metric).unit).scale < 1 ? value * divisor(info(metric).unit)
                                             : value / info(info(metric).unit).scale;
  }

  /// "shared", or "own(A)" for a class for each container.
  std::optional<std::string> class_named(const ast::Name& name) {
    const size_t open = name.text.find('(');
    const std::string cls = name.text.substr(0, open);
    const auto item = std::find_if(classes_.begin(), classes_.end(),
                                   [&](const ast::ClassDecl::Item* c) { return c->name.text == cls; });
    if (item == classes_.end()) {
      std::vector<std::string> names;
      for (const ast::ClassDecl::Item* c : classes_) names.push_back(c->name.text);
      const std::string near = nearest(cls, names);
      diagnostics_.report(Kind::UnknownName, name.span, fmt::format("the policy has no class `{}`", cls),
                          near.empty() ? "" : fmt::format("did you mean `{}`?", near));
      return std::nullopt;
    }
    if (((*item)->set != nullptr) != (open != std::string::npos)) {
      diagnostics_.report(Kind::WrongArguments, name.span,
                          (*item)->set ? fmt::format("`{}` is a class for each container", cls)
                                       : fmt::format("`{}` is one class for all its containers", cls),
                          (*item)->set ? fmt::format("of which? `{}(A)`", cls) : "write it without `(…)`");
      return std::nullopt;
    }
    if (open != std::string::npos)
      (void)container_named({name.text.substr(open + 1, name.text.size() - open - 2), name.span});
    return name.text;
  }

  std::string container_named(const ast::Name& name) {
    if (find(name.text) == nullptr && !from_file_) {
      std::vector<std::string> names;
      for (const TestContainer& c : test_.containers) names.push_back(c.name);
      const std::string near = nearest(name.text, names);
      diagnostics_
          .report(Kind::UnknownName, name.span, fmt::format("the test has no container `{}`", name.text),
                  near.empty() ? "" : fmt::format("did you mean `{}`?", near))
          .hint("its containers are those that it describes, feeds or starts");
    }
    return name.text;
  }

  void add_expectation(const ast::TestExpect& e, Span span) {
    TestExpectation made;
    made.no = e.no;
    made.span = span;
    for (size_t v = 0; v < std::size(kActions); ++v)
      if (kActions[v].name == e.action.text) made.verb = static_cast<Verb>(v);
    const ActionTarget target = info(made.verb).target;
    if (made.verb == Verb::Emit) {
      made.detail = e.target->text;
    } else if (e.target && target == ActionTarget::Class) {
      made.cls = class_named(*e.target).value_or("");
    } else if (e.target) {
      made.container = container_named(*e.target);
    }
    if (e.goal) made.cls = class_named(*e.goal).value_or("");
    if (e.domain && made.verb != Verb::Ways && made.verb != Verb::Mb && made.verb != Verb::MbRate)
      diagnostics_.report(Kind::BadTest, e.domain->span,
                          fmt::format("`{}` is not for a domain", e.action.text));
    if (e.domain) made.domain = whole(*e.domain, "the number of a domain", kMostSteps);
    if (e.value) made.value = canonical(e.value->literal.value, e.value->literal.unit);
    if (e.value && made.verb == Verb::Sample) *made.value *= 1e9;  // periods are in ns
    if (e.unlimited) made.value = std::numeric_limits<double>::infinity();
    if (e.value) check_value(*e.value, made.verb);
    if (e.cpus) made.detail = to_list(cpus(*e.cpus));
    if (e.text) {
      made.detail = *e.text;
      made.detail_is_part = true;
    }
    if (e.within) made.within = whole(*e.within, "a number of steps", kMostSteps);
    if (e.after) made.after = whole(*e.after, "a number of steps", kMostSteps);
    test_.expectations.push_back(std::move(made));
  }

  void check_value(const ast::TestNumber& number, Verb verb) {
    const UnitTag tag = info(number.literal.unit).tag;
    const bool ratio = verb == Verb::Quota || verb == Verb::Mb;
    if (verb == Verb::MbRate && !(dim_of(number.literal.unit) == kRate.dim))
      diagnostics_.report(Kind::UnitMismatch, number.span, "`mb_rate` is in bytes a second")
          .hint("such as `expect mb_rate(jail) = 4GB/s`");
    if (ratio && tag != UnitTag::Ratio)
      diagnostics_.report(Kind::BareRatio, number.span,
                          fmt::format("`{}` is set in percent", info(verb).name),
                          fmt::format("did you mean `{:g}%`?", number.literal.value));
    if (verb == Verb::Sample && !(dim_of(number.literal.unit) == kSeconds))
      diagnostics_.report(Kind::UnitMismatch, number.span, "a sampling period is a time")
          .hint("such as `expect sample A every 10ms`");
    if (verb == Verb::Ways && number.literal.unit != Unit::None && tag != UnitTag::Way)
      diagnostics_.report(Kind::UnitMismatch, number.span, "`ways` is a number of ways");
  }

  const ast::Policy& policy_;
  std::vector<const ast::ClassDecl::Item*> classes_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string, Span> names_;  ///< of the tests so far
  std::vector<Metric> own_;
  TestCase test_;
  bool from_file_ = false;  ///< containers of a CSV file are not known yet
};

}  // namespace

std::optional<std::vector<TestCase>> check_tests(const ast::Policy& policy, Diagnostics& diagnostics) {
  return Tests(policy, diagnostics).all();
}

}  // namespace cbench::check
