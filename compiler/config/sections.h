// The parts of a configuration, each read from its checked map. The parts that look at several containers at
// once are in cross_checks.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/config/fields.h"
#include "compiler/config/reading.h"

namespace cbench::config {

/// A container before the run as a whole is known: what is absent has its default put in later.
struct ContainerDraft {
  ContainerSpec spec;
  std::optional<int64_t> index, stop_ns;
  Span index_span, start_span, stop_span, length_span, expected_span;
  bool times_good = true;         ///< none of start_t, stop_t, length and expected_t was reported
  bool is_job = false;            ///< made of a template
  std::string kind, sensitivity;  ///< of a template; empty: not given
  struct Period {
    int64_t ns;
    Span span;
  };
  std::vector<Period> periods;  ///< as written, of groups that are on
};

/// `benchmark`, apart from what needs the containers.
void read_benchmark(Reading& reading, const Fields& benchmark, const Overrides& overrides, RunSpec& spec);
/// `benchmark.host` and `benchmark.observer`.
void read_host(Reading& reading, const Fields& benchmark, RunSpec& spec);
void read_scheduler(Reading& reading, const Field& scheduler, RunSpec& spec);
/// Does the policy `text` declare `param name`?
bool has_param(std::string_view text, std::string_view name);
/// A container, or with template_keys() a template. Without a `data` of its own it has the one at the top.
ContainerDraft read_container(Reading& reading, const Member& member, Keys keys, const RunSpec& spec,
                              Span engine);
/// The containers that `arrival` makes of the templates in `workloads`. `room`: how many there may be.
std::vector<ContainerDraft> read_generated(Reading& reading, const Fields& top, const Overrides& overrides,
                                           const Importer& importer, size_t room, RunSpec& spec, Span engine);
/// The `data` of a container.
void read_sampling(Reading& reading, const Field& data, ContainerDraft& draft);

/// `app` of `data`: the source of what the workload reports. Turns on the metrics that its pattern names, and
/// gives the group's own period, if it has one.
std::optional<Field> read_app(Reading& reading, const Field& app, ContainerSpec& spec);
/// `events` of `perf`: turns on the events that the user names.
void read_events(Reading& reading, const Field& events, Sampling& sampling);
/// The number of a metric of one's own; nullopt: the name is taken or no name, its unit is another elsewhere
/// in the file, or there are too many; reported at `where`.
std::optional<Metric> own_metric(Reading& reading, MetricGroup group, const Located<std::string>& name,
                                 Unit unit);
/// `target`, `ipc` and `ipce` of a container.
void read_targets(Reading& reading, const Fields& fields, ContainerSpec& spec);

/// Indices, order, names, start and stop times, and CPUs of the containers against one another and the run.
void check_containers(Reading& reading, const Fields& benchmark, RunSpec& spec,
                      std::vector<ContainerDraft>& drafts);
/// No two containers that run at one time publish one port of the host.
void check_ports(Reading& reading, const std::vector<ContainerDraft>& drafts,
                 const std::function<bool(const ContainerSpec&, const ContainerSpec&)>& at_one_time);
/// Divides the times of the run and its containers by `scale`.
void scale_times(Reading& reading, const Fields& benchmark, double scale, RunSpec& spec);
/// Chooses RunSpec::step_ns.
void choose_step(Reading& reading, const Fields& benchmark, RunSpec& spec,
                 const std::vector<ContainerDraft>& drafts);

}  // namespace cbench::config
