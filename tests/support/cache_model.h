// A MODEL of workloads that share a last-level cache and a memory bus; no hardware behaves just so. Two ideas
// carry it: in a cache with LRU replacement a workload holds a way's lines in proportion to its accesses
// there (Chandra et al., "Predicting Inter-Thread Cache Contention", HPCA 2005), and a miss costs the more
// the fuller the bus is (the waiting time of an M/M/1 queue).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace cbench::test {

/// What a workload is like, whatever it shares.
struct Workload {
  double working_set = 0;  ///< bytes
  double accesses = 0;     ///< of the LLC, per instruction
  double always_miss = 0;  ///< share of them that no cache could hit: a stream
  double cpi = 1;          ///< without LLC misses
  double overlap = 1;      ///< misses that are under way at a time: memory-level parallelism
  double cores = 1;        ///< that it keeps busy
  double service = 0;      ///< instructions of a request; 0: it serves none
  double requests = 0;     ///< a second
};

/// What a workload is allowed.
struct Share {
  uint64_t ways = 0;            ///< CBM
  double bandwidth = INFINITY;  ///< bytes/s
  double cores = 1;
  friend bool operator==(const Share&, const Share&) = default;
};

/// What comes of it in the steady state.
struct Effect {
  double cpi = 1, mpki = 0, occupancy = 0, bandwidth = 0;  ///< bytes, bytes/s
  double instructions = 0;                                 ///< a second
  double latency_p95 = 0;                                  ///< seconds, where it serves requests
};

class CacheModel {
 public:
  static constexpr double kHertz = 2.5e9, kLine = 64, kMissCycles = 180;
  uint32_t ways = 20;
  double bytes = 27.5 * 1048576, peak = 60e9;  ///< of one L3 domain

  /// Finds the steady state by iteration: what each holds depends on what all miss, and the other way round.
  [[nodiscard]] std::vector<Effect> settle(const std::vector<Workload>& loads,
                                           const std::vector<Share>& shares) const {
    std::vector<Effect> now(loads.size());
    for (size_t i = 0; i < loads.size(); ++i) now[i].instructions = rate(loads[i], shares[i], loads[i].cpi);
    for (int round = 0; round < 400; ++round) {
      const std::vector<double> held = occupancy(loads, shares, now);
      double used = 0;
      for (const Effect& effect : now) used += effect.bandwidth;
      const double wait = 1 / (1 - std::min(used / peak, 0.9));
      for (size_t i = 0; i < loads.size(); ++i)
        now[i] = mix(now[i], next(loads[i], shares[i], held[i], wait));
    }
    return now;
  }

 private:
  /// Instructions a second at a CPI. A service runs no more than it is asked for.
  static double rate(const Workload& load, const Share& share, double cpi) {
    const double possible = std::min(load.cores, share.cores) * kHertz / cpi;
    return load.service > 0 ? std::min(possible, load.requests * load.service) : possible;
  }

  [[nodiscard]] std::vector<double> occupancy(const std::vector<Workload>& loads,
                                              const std::vector<Share>& shares,
                                              const std::vector<Effect>& now) const {
    std::vector<double> held(loads.size());
    for (uint32_t way = 0; way < ways; ++way) {
      double left = bytes / ways;
      std::vector<size_t> in;
      for (size_t i = 0; i < loads.size(); ++i)
        if ((shares[i].ways >> way & 1) != 0) in.push_back(i);
      // Whoever has all of its working set takes no more; the rest is shared anew.
      while (!in.empty() && left > 1) {
        double pressure = 0, given = 0;
        for (const size_t i : in) pressure += loads[i].accesses * now[i].instructions;
        for (const size_t i : in) {
          const double part = left * loads[i].accesses * now[i].instructions / pressure;
          const double taken = std::min(part, loads[i].working_set - held[i]);
          held[i] += taken;
          given += taken;
        }
        std::erase_if(in, [&](size_t i) { return held[i] >= loads[i].working_set; });
        left -= given;
      }
    }
    return held;
  }

  static Effect next(const Workload& load, const Share& share, double held, double wait) {
    Effect effect;
    effect.occupancy = held;
    const double hits = std::min(held / load.working_set, 1.0) * (1 - load.always_miss);
    const double misses = load.accesses * (1 - hits);  // per instruction
    effect.mpki = 1000 * misses;
    effect.cpi = load.cpi + misses * kMissCycles / load.overlap * wait;
    effect.instructions = rate(load, share, effect.cpi);
    if (const double wanted = effect.instructions * misses * kLine; wanted > share.bandwidth) {
      effect.cpi *= wanted / share.bandwidth;  // the throttle delays each access
      effect.instructions = rate(load, share, effect.cpi);
    }
    effect.bandwidth = effect.instructions * misses * kLine;
    if (load.service > 0) {
      const double seconds = load.service * effect.cpi / kHertz;
      const double busy = std::min(load.requests * seconds / std::min(load.cores, share.cores), 0.99);
      effect.latency_p95 = 3 * seconds / (1 - busy);  // -ln(0.05) of an M/M/1 queue's mean
    }
    return effect;
  }

  static Effect mix(const Effect& a, const Effect& b) {
    const auto part = [](double x, double y) { return 0.9 * x + 0.1 * y; };
    return {.cpi = part(a.cpi, b.cpi),
            .mpki = part(a.mpki, b.mpki),
            .occupancy = part(a.occupancy, b.occupancy),
            .bandwidth = part(a.bandwidth, b.bandwidth),
            .instructions = part(a.instructions, b.instructions),
            .latency_p95 = part(a.latency_p95, b.latency_p95)};
  }
};

}  // namespace cbench::test
