#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "runtime/exporters/exporter.h"
#include "runtime/exporters/line_syntax.h"
#include "runtime/exporters/meta_point.h"
#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

constexpr size_t kNameBytes =
    48;  // of `,field=`, padded: copying a constant size is faster than an exact one
constexpr size_t kNumberBytes = 32;  // longest int64 with its `i`: 21; longest shortest-round-trip double: 24

/// A numeric column as the inner loop needs it.
struct NumberColumn {
  char name[kNameBytes] = {};
  size_t name_size = 0;
  size_t column = 0;
  bool integer = false;
};

constexpr bool names_fit() {
  for (const MetricInfo& metric : kMetrics)
    if (metric.field.size() + 2 > kNameBytes) return false;
  constexpr size_t kOwnGroupBytes = 5;  // of "perf_", the longest
  return kOwnGroupBytes + kOwnNameBytes + 2 <= kNameBytes;
}
static_assert(names_fit(), "a metric's name is longer than kNameBytes allows");

/// The columns of one scope.
struct ScopeColumns {
  std::vector<NumberColumn> numbers;
  std::vector<size_t> texts;
};

ScopeColumns columns_of(const std::vector<Metric>& metrics, MetricScope scope) {
  ScopeColumns out;
  for (size_t column = 0; column < metrics.size(); ++column) {
    const MetricInfo& metric = info(metrics[column]);
    if (metric.scope != scope) continue;
    if (metric.type == MetricType::Str) {
      out.texts.push_back(column);
      continue;
    }
    NumberColumn& number = out.numbers.emplace_back();
    const std::string name = "," + std::string(metric.field) + "=";
    std::memcpy(number.name, name.data(), name.size());
    number.name_size = name.size();
    number.column = column;
    number.integer = metric.type == MetricType::I64;
  }
  return out;
}

std::string stamp(int64_t wall_ns) { return " " + std::to_string(wall_ns) + "\n"; }

}  // namespace

struct LineProtocol::Impl {
  Impl(const RunSpec& s, const TraceHeader& h, const HostFacts& facts)
      : run_id(h.run_id),
        host(facts.hostname),
        plan(h.plan),
        start_wall_ns(h.start_wall_ns),
        head(meta_head(s, h, facts)),
        started(s.containers.size(), false) {
    for (const ContainerSpec& c : s.containers)
      containers.push_back({c.name.value, c.image.value, to_list(c.cores.value), c.index});
    for (const Container& c : containers) metric_tags.push_back(tags_of("benchmark_metrics", &c));
    host_tags = tags_of("benchmark_metrics", nullptr);
  }

  struct Container {
    std::string name, image, cores;
    int64_t index;
  };

  /// `measurement,tag=value…` and a blank; tags in the order of their keys, which servers sort fastest.
  [[nodiscard]] std::string tags_of(std::string_view measurement, const Container* container) const {
    std::string out(measurement);
    append_tag("benchmark_id", run_id, out);
    if (container != nullptr) {
      append_tag("container_core", container->cores, out);
      append_tag("container_image", container->image, out);
      append_tag("container_index", std::to_string(container->index), out);
      append_tag("container_name", container->name, out);
    }
    append_tag("host", host, out);
    return out + ' ';
  }

  void use_columns(const std::vector<Metric>& metrics) {
    if (columns && *columns == metrics) return;
    columns = metrics;
    container_columns = columns_of(metrics, MetricScope::Container);
    host_columns = columns_of(metrics, MetricScope::Host);
    scratch.resize(metrics.size() * (kNameBytes + kNumberBytes));
  }

  void point(const Frame& frame, size_t row, const ScopeColumns& scope, std::string_view tags,
             std::string_view time, std::string& out);

  std::string run_id, host;
  Plan plan;
  int64_t start_wall_ns;
  std::string head;  ///< benchmark_meta up to the figures of the end
  std::vector<Container> containers;
  std::vector<bool> started;
  std::vector<std::string> metric_tags;  ///< by slot
  std::string host_tags;

  std::optional<std::vector<Metric>> columns;  ///< of the last frame, split into:
  ScopeColumns container_columns, host_columns;
  std::vector<char> scratch;
  std::string texts;

  std::optional<int64_t> step;  ///< of the last sample
  int64_t step_wall_ns = 0;
  std::optional<int64_t> action_base;  ///< time and ordinal of the last decision
  int64_t action_ordinal = 0;
  MetaTotals totals;
};

void LineProtocol::Impl::point(const Frame& frame, size_t row, const ScopeColumns& scope,
                               std::string_view tags, std::string_view time, std::string& out) {
  const size_t rows = frame.slots() + 1;
  char* const begin = scratch.data();
  char* at = begin;
  int64_t fields = 0;
  for (const NumberColumn& number : scope.numbers) {
    const size_t cell = number.column * rows + row;
    if (!has_value(static_cast<Status>(frame.statuses()[cell]))) continue;
    const uint64_t bits = frame.values()[cell];
    if (!number.integer && !std::isfinite(std::bit_cast<double>(bits))) continue;
    std::memcpy(at, number.name, kNameBytes);
    at += number.name_size;
    if (number.integer) {
      at = std::to_chars(at, at + kNumberBytes, std::bit_cast<int64_t>(bits)).ptr;
      *at++ = 'i';
    } else {
      at = std::to_chars(at, at + kNumberBytes, std::bit_cast<double>(bits)).ptr;
    }
    ++fields;
  }
  texts.clear();
  for (const size_t column : scope.texts) {
    if (!frame.has(column, row)) continue;
    append_field(info(frame.columns()[column]).field, frame.text(column, row), texts);
    ++fields;
  }
  if (fields == 0) return;
  out += tags;
  const size_t numbers = static_cast<size_t>(at - begin);
  if (numbers > 0) out.append(begin + 1, numbers - 1);  // without the first comma
  out.append(texts, numbers > 0 ? 0 : 1);
  out += time;
  totals.measurements += fields;
}

LineProtocol::LineProtocol(const RunSpec& spec, const TraceHeader& header, const HostFacts& facts)
    : impl_(std::make_unique<Impl>(spec, header, facts)) {}
LineProtocol::~LineProtocol() = default;
LineProtocol::LineProtocol(LineProtocol&&) noexcept = default;
LineProtocol& LineProtocol::operator=(LineProtocol&&) noexcept = default;

void LineProtocol::event(const TraceEvent& event) {
  const auto slot = static_cast<size_t>(event.slot);
  if (event.slot < 0 || slot >= impl_->containers.size()) return;
  if (event.kind == EventKind::Image)  // the digest is the last word, where there is one
    impl_->totals.images.emplace_back(impl_->containers[slot].name,
                                      event.text.substr(event.text.rfind(' ') + 1));
  if (event.kind != EventKind::Start || impl_->started[slot]) return;
  impl_->started[slot] = true;
  if (event.text.empty()) return;
  Impl::Container& container = impl_->containers[slot];
  container.cores = event.text;
  impl_->metric_tags[slot] = impl_->tags_of("benchmark_metrics", &container);
}

void LineProtocol::sample(const Frame& frame, std::string& out) {
  Impl& self = *impl_;
  self.use_columns(frame.columns());
  self.step = frame.step;
  self.step_wall_ns = frame.wall_ns;
  const size_t before = out.size();
  const std::string time = stamp(frame.wall_ns);
  for (size_t slot = 0; slot < std::min(frame.slots(), self.metric_tags.size()); ++slot)
    if (frame.running[slot] != 0)
      self.point(frame, slot, self.container_columns, self.metric_tags[slot], time, out);
  self.point(frame, frame.host_row(), self.host_columns, self.host_tags, time, out);
  self.totals.bytes += static_cast<int64_t>(out.size() - before);
}

void LineProtocol::decision(const Decision& decision, std::string& out) {
  Impl& self = *impl_;
  const int64_t base = self.step == decision.step ? self.step_wall_ns : self.start_wall_ns + decision.time_ns;
  // Several calls of the policy in one step (start, step, stop) each number their decisions from 0.
  const bool same = self.action_base == base;
  self.action_ordinal = std::max<int64_t>(decision.ordinal, same ? self.action_ordinal + 1 : 0);
  self.action_base = base;

  const auto slot = static_cast<size_t>(decision.slot);
  const Impl::Container* container =
      decision.slot >= 0 && slot < self.containers.size() ? &self.containers[slot] : nullptr;
  const auto cls = static_cast<size_t>(decision.cls);
  const bool has_class = decision.cls >= 0 && cls < self.plan.classes.size();
  const auto rule = static_cast<size_t>(decision.rule);

  std::string fields;
  append_field("what", info(decision.verb).name, fields);
  if (container != nullptr) {
    append_field("target", container->name, fields);
  } else if (has_class) {
    append_field("target", self.plan.classes[cls], fields);
  }
  append_field("outcome", name(decision.outcome), fields);
  if (has_class) append_field("class", self.plan.classes[cls], fields);
  if (decision.domain >= 0) append_field("domain", static_cast<int64_t>(decision.domain), fields);
  if (has_figure(decision.verb)) append_field("value", decision.value, fields);
  if (!decision.detail.empty()) append_field("detail", decision.detail, fields);
  if (decision.rule >= 0 && rule < self.plan.rules.size()) {
    append_field("policy_line", static_cast<int64_t>(self.plan.rules[rule].line), fields);
    append_field("rule", self.plan.rules[rule].text, fields);
  }
  if (!decision.reason.empty()) append_field("reason", decision.reason, fields);
  if (!decision.why.empty()) append_field("why", decision.why, fields);
  if (decision.latency_ns >= 0) append_field("latency_ns", decision.latency_ns, fields);
  append_field("step", decision.step, fields);

  const size_t before = out.size();
  out += self.tags_of("benchmark_actions", container);
  out.append(fields, 1);
  out += stamp(base + self.action_ordinal);
  self.totals.bytes += static_cast<int64_t>(out.size() - before);
}

void LineProtocol::meta(const TraceEnd& end, std::string& out) const {
  out += impl_->tags_of("benchmark_meta", nullptr);
  out.append(impl_->head, 1);
  append_meta_end(end, impl_->totals, out);
  out += stamp(impl_->start_wall_ns);
}

}  // namespace cbench
