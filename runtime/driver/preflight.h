// Preflight: does this host have what a benchmark and its policy want? Asked before any container starts.
#pragma once

#include <optional>
#include <string>

#include "compiler/base/result.h"
#include "compiler/base/source.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// "bench.yml:6:3", in the benchmark's own file or one that it imports; its path alone for what stands
/// nowhere.
std::string place_of(Span span, const RunSpec& spec, const SourceSet& sources);

/// This host, with the peak memory bandwidth that was measured on it once. `rdt_root`: where resctrl is;
/// empty: at its usual place.
HostFacts look_at_host(const std::string& rdt_root = "");
/// Adds to `spec` the metrics that depend on the host, and to `facts` which of those of `spec` it has not.
void fit_together(RunSpec& spec, HostFacts& facts);

/// Errors (HostLacks): CPUs that the containers name, or their number, are not there.
Result<> check_cpus(const RunSpec& spec, const HostFacts& facts, const SourceSet& sources);

/// Errors (HostLacks): NUMA nodes that a container is to get its memory from have none, or not for this
/// process. `nodes` is what read_memory_nodes found.
Result<> check_memory_nodes(const RunSpec& spec, const CpuSet& nodes, const SourceSet& sources);

/// Errors (HostLacks): a file that figures of a workload are to be read from is not there, or is no regular
/// file.
Result<> check_files(const RunSpec& spec, const SourceSet& sources);

/// Descriptors that a run holds open at one time at most: one for each event, CPU and container, those of the
/// figures, and our own.
uint64_t descriptors(const RunSpec& spec, const HostFacts& facts);
/// Errors (HostLacks): the host allows fewer. `most` is that number, RLIMIT_NOFILE's hard limit.
Result<> check_descriptors(const RunSpec& spec, const HostFacts& facts, uint64_t most);
uint64_t most_descriptors();

/// Errors (HostLacks): a port of the host that a container publishes is taken, or its address is none of this
/// host.
Result<> check_ports(const RunSpec& spec, const SourceSet& sources);

/// Errors (HostLacks): no Docker daemon, or an image with `pull: never` is not there. Others may be pulled,
/// and no registry is asked.
Result<> check_images(const RunSpec& spec, const SourceSet& sources);

/// CPUs, memory nodes, files and descriptors: what a configuration asks of this host, whatever runs on it
/// now.
Result<> check_host(const RunSpec& spec, const HostFacts& facts, const SourceSet& sources);

/// What a policy needs and the host lacks, a line each: policy line, what, reason and remedy. Empty: nothing.
std::vector<std::string> lacking(const Plan& plan, const HostFacts& facts, const std::string& policy_path);

/// Does the policy allocate cache or bandwidth?
bool allocates_rdt(const Plan& plan);

}  // namespace cbench
