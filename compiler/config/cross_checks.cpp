// What can be wrong between containers, and between a container and the run.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "compiler/config/sections.h"

namespace cbench::config {
namespace {

std::string seconds(int64_t ns) { return fmt::format("{} s", static_cast<double>(ns) / 1e9); }

void check_identity(Reading& reading, std::vector<ContainerDraft>& drafts) {
  std::map<std::string, Span> names;
  std::map<int64_t, Span> indices;
  for (const ContainerDraft& draft : drafts) {
    if (reading.diagnostics.enough()) break;
    if (draft.spec.name.value.empty()) continue;  // was reported
    const auto [name, new_name] = names.emplace(draft.spec.name.value, draft.spec.name.span);
    if (!new_name)
      reading.diagnostics
          .report(Kind::Conflict, draft.spec.name.span,
                  fmt::format("two containers have the name `{}`", shown(draft.spec.name.value)),
                  draft.is_job ? "a job of this template has it" : "again here")
          .label(name->second, "first here")
          .hint("names tell containers apart in the results: change one");
    if (!draft.index) continue;
    const auto [index, new_index] = indices.emplace(*draft.index, draft.index_span);
    if (!new_index)
      reading.diagnostics
          .report(Kind::Conflict, draft.index_span,
                  fmt::format("two containers have the index {}", *draft.index), "again here")
          .label(index->second, "first here")
          .hint("change one, or leave `index` out: then the order of the file counts");
  }
  int64_t next = 0;
  for (ContainerDraft& draft : drafts) {
    while (!draft.index && indices.contains(next)) ++next;
    draft.spec.index = draft.index ? *draft.index : next++;
  }
}

/// Its work must fit into the time that it is given. With `drain` the end of the run does not end it.
void check_expected(Reading& reading, const RunSpec& run, const ContainerDraft& draft) {
  const ContainerSpec& spec = draft.spec;
  if (!spec.expected_ns) return;
  const bool to_its_end = run.drain && !draft.stop_ns;
  int64_t given = to_its_end ? INT64_MAX : spec.stop_ns - spec.start_ns;
  const bool by_length = spec.length_ns && *spec.length_ns < given;
  if (by_length) given = *spec.length_ns;
  if (*spec.expected_ns <= given) return;
  auto built =
      reading.diagnostics.report(Kind::OutOfRange, draft.expected_span,
                                 fmt::format("container `{}` is expected to work for {}, but is given {}",
                                             spec.name.value, seconds(*spec.expected_ns), seconds(given)),
                                 by_length ? "longer than its `length`" : "longer than from start to stop");
  if (by_length) built.label(draft.length_span, "it is stopped after this");
  built.hint(by_length ? "lower `expected_t`, or raise `length`" : "lower `expected_t`, or stop it later");
}

void check_times(Reading& reading, const Field* max, RunSpec& run, ContainerDraft& draft) {
  ContainerSpec& spec = draft.spec;
  spec.stop_ns = draft.stop_ns.value_or(run.max_ns);
  if (!draft.times_good || max == nullptr) return;
  const Span at = draft.stop_ns ? draft.stop_span : draft.start_span;
  if (draft.stop_ns && spec.stop_ns > run.max_ns && !run.drain) {
    reading.diagnostics
        .report(Kind::OutOfRange, at,
                fmt::format("container `{}` stops at {}, after the end of the run", spec.name.value,
                            seconds(spec.stop_ns)),
                "must be at most `max_t`")
        .label(max->span, "the run ends here")
        .hint("raise `max_t`, lower `stop_t`, or write `drain: true`");
  } else if (spec.stop_ns <= spec.start_ns) {
    auto built =
        reading.diagnostics.report(Kind::OutOfRange, at,
                                   fmt::format("container `{}` starts at {} and stops at {}", spec.name.value,
                                               seconds(spec.start_ns), seconds(spec.stop_ns)),
                                   draft.stop_ns ? "must be after `start_t`" : "must be before `max_t`");
    if (!draft.stop_ns)
      built.label(max->span, "the run ends here");
    else if (draft.start_span.known())
      built.label(draft.start_span, "starts here");
  } else if (spec.start_ns >= run.max_ns) {
    reading.diagnostics
        .report(Kind::OutOfRange, draft.start_span,
                fmt::format("container `{}` starts at {}, when the run ends", spec.name.value,
                            seconds(spec.start_ns)),
                "must be before `max_t`")
        .label(max->span, "the run ends here")
        .hint("with `drain` containers run on, but none starts any more");
  } else {
    check_expected(reading, run, draft);
  }
}

/// When it has ended at the latest. One that waits for CPUs starts nobody knows when.
int64_t latest_end(const RunSpec& run, const ContainerSpec& spec) {
  const bool waits = run.admission != Admission::Share && spec.cores.value.none();
  return spec.length_ns && !waits ? std::min(spec.stop_ns, spec.start_ns + *spec.length_ns) : spec.stop_ns;
}

bool at_one_time(const RunSpec& run, const ContainerSpec& a, const ContainerSpec& b) {
  return a.start_ns < latest_end(run, b) && b.start_ns < latest_end(run, a);
}

/// One report a container, with the first other that it clashes with.
void check_cores(Reading& reading, const RunSpec& run, const std::vector<ContainerDraft>& drafts) {
  for (size_t i = 1; i < drafts.size() && !reading.diagnostics.enough(); ++i) {
    const ContainerSpec& b = drafts[i].spec;
    if (b.cores.value.none()) continue;
    for (size_t j = 0; j < i; ++j) {
      const ContainerSpec& a = drafts[j].spec;
      const CpuSet both = a.cores.value & b.cores.value;
      if (both.none() || !at_one_time(run, a, b) || (!b.exclusive && !a.exclusive)) continue;
      reading.diagnostics
          .report(Kind::Conflict, b.cores.span,
                  fmt::format("the containers `{}` and `{}` both have CPU {} at one time", a.name.value,
                              b.name.value, to_list(both)),
                  "and here")
          .label(a.cores.span, "given here")
          .hint(
              "give them different CPUs or, when they are meant to share, write `exclusive: false` in both");
      break;
    }
  }
}

}  // namespace

void check_containers(Reading& reading, const Fields& benchmark, RunSpec& spec,
                      std::vector<ContainerDraft>& drafts) {
  check_identity(reading, drafts);
  for (ContainerDraft& draft : drafts) check_times(reading, benchmark.find("max_t"), spec, draft);
  check_cores(reading, spec, drafts);
  check_ports(reading, drafts,
              [&](const ContainerSpec& a, const ContainerSpec& b) { return at_one_time(spec, a, b); });
  std::sort(drafts.begin(), drafts.end(),
            [](const auto& a, const auto& b) { return a.spec.index < b.spec.index; });
}

void scale_times(Reading& reading, const Fields& benchmark, double scale, RunSpec& spec) {
  spec.time_scale = scale;
  if (scale == 1) return;
  const auto scaled = [&](int64_t ns) { return std::llround(static_cast<double>(ns) / scale); };
  spec.max_ns = scaled(spec.max_ns);
  spec.discard_ns = scaled(spec.discard_ns);
  for (ContainerSpec& container : spec.containers) {
    container.start_ns = scaled(container.start_ns);
    container.stop_ns = std::max<int64_t>(scaled(container.stop_ns), container.start_ns + 1);
    if (container.length_ns) container.length_ns = std::max<int64_t>(scaled(*container.length_ns), 1);
    if (container.expected_ns) container.expected_ns = scaled(*container.expected_ns);
  }
  const Field* max = benchmark.find("max_t");
  if (max != nullptr && spec.max_ns < spec.step_ns)
    reading.diagnostics.report(
        Kind::OutOfRange, max->span,
        fmt::format("with times divided by {} the run is shorter than its step of {} ms", scale,
                    static_cast<double>(spec.step_ns) / 1e6),
        fmt::format("is {} ms then", static_cast<double>(spec.max_ns) / 1e6));
}

void choose_step(Reading& reading, const Fields& benchmark, RunSpec& spec,
                 const std::vector<ContainerDraft>& drafts) {
  int64_t common = 0, smallest = 0;
  for (const ContainerDraft& draft : drafts) {
    for (const auto& period : draft.periods) {
      common = std::gcd(common, period.ns);
      smallest = smallest == 0 ? period.ns : std::min(smallest, period.ns);
    }
  }
  const Field* written = benchmark.find("step");
  spec.step_ns = written != nullptr ? written->integer : smallest;
  if (spec.step_ns == 0 || common % spec.step_ns == 0) return;
  for (const ContainerDraft& draft : drafts) {
    for (const auto& period : draft.periods) {
      if (period.ns % spec.step_ns == 0) continue;
      auto built = reading.diagnostics.report(
          Kind::StepAdjusted, written != nullptr ? written->span : period.span,
          fmt::format("the step is {} ms, so that every period is a multiple of it", common / 1'000'000),
          written != nullptr
              ? fmt::format("is not a divisor of {} ms", period.ns / 1'000'000)
              : fmt::format("is not a multiple of {} ms, the shortest period", smallest / 1'000'000));
      if (written != nullptr) built.label(period.span, "this period");
      spec.step_ns = common;
      return;
    }
  }
}

}  // namespace cbench::config
