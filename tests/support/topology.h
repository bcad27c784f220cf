// Hosts of a shape, as the kernel would number their CPUs.
#pragma once

#include "stdlib/abi/host_facts.h"

namespace cbench::test {

struct Shape {
  uint32_t sockets = 1, cores = 4, threads = 1;  ///< cores of a socket, threads of a core
  uint32_t nodes = 1, caches = 1;                ///< of a socket
  bool paired = false;                           ///< the threads of a core have numbers side by side
};

/// Without `paired` all first threads come first, socket by socket. Cores have the same numbers in each
/// socket.
inline HostFacts topology(const Shape& s) {
  HostFacts facts;
  facts.sockets = s.sockets;
  const uint32_t all = s.sockets * s.cores * s.threads;
  for (uint32_t cpu = 0; cpu < all; ++cpu) {
    const uint32_t at = s.paired ? cpu / s.threads : cpu % (s.sockets * s.cores);
    const uint32_t socket = at / s.cores, core = at % s.cores;
    facts.cpus.push_back({.cpu = cpu,
                          .core = core,
                          .socket = socket,
                          .numa = socket * s.nodes + core * s.nodes / s.cores,
                          .l3_domain = static_cast<int32_t>(socket * s.caches + core * s.caches / s.cores)});
    facts.online.set(cpu);
  }
  return facts;
}

}  // namespace cbench::test
