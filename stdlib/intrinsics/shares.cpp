// The shares of classes on the shadow: ways of the L3 cache and memory bandwidth, by domain.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "stdlib/abi/bandwidth.h"
#include "stdlib/intrinsics/reason.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {

Shadow::Domains Shadow::domains(int32_t domain) const {
  if (domain < 0 || static_cast<size_t>(domain) >= domains()) return {0, domains(), -1};
  const auto at = static_cast<size_t>(domain);
  return {at, at + 1,
          at < facts_.rdt.l3_domains.size() ? static_cast<int32_t>(facts_.rdt.l3_domains[at]) : domain};
}

int64_t Shadow::ways(int32_t cls, int32_t domain) const {
  const Domains in = domains(domain);
  int least = 64;
  for (size_t d = in.first; d < in.end; ++d)
    least = std::min(least, std::popcount(goal_.classes[place(cls, d)].ways));
  return least;
}

double Shadow::least_mb(int32_t cls, int32_t domain) const {
  const Domains in = domains(domain);
  double least = std::numeric_limits<double>::infinity();
  for (size_t d = in.first; d < in.end; ++d) least = std::min(least, goal_.classes[place(cls, d)].mb);
  return least;
}

Shadow::Record& Shadow::record_share(Verb verb, int32_t cls, const Domains& in, double value,
                                     TextRef detail) {
  Record& r = record(verb, -1, cls, value, detail);
  r.domain = in.id;
  return r;
}

int32_t Shadow::refuse_share(Verb verb, int32_t cls, const Domains& in, double value) {
  return refused(record_share(verb, cls, in, value));
}

bool Shadow::fits(const std::vector<Part>& parts, int64_t all, int64_t least, int64_t& used) {
  used = 0;
  bool rest = false;
  for (const Part& p : parts) {
    if (p.ways == abi::kRest) {
      rest = true;
      continue;
    }
    const std::string& name = plan_.classes[static_cast<size_t>(p.cls)];
    if (p.ways < least) {
      Reason(*this, "`{}` gets {} way{}, at least {} are needed", name, p.ways, p.ways == 1 ? "" : "s",
             least);
      return false;
    }
    if (p.ways > all) {
      Reason(*this, "`{}` gets {} ways, the cache has {}", name, p.ways, all);
      return false;
    }
    used += p.ways;
  }
  const int64_t needed = used + (rest ? least : 0);
  if (needed > all) Reason(*this, "{} ways are needed, the cache has {}", needed, all);
  return needed <= all;
}

/// Masks for the wanted parts of a domain that move the fewest bits. False, with the reason, when they do not
/// fit.
bool Shadow::solve(size_t domain) {
  const std::vector<Part>& parts = wanted_[domain];
  const auto all = static_cast<int64_t>(std::popcount(all_ways()));
  int64_t used = 0;
  if (!fits(parts, all, facts_.rdt.l3_min_bits, used)) return false;
  placed_.clear();
  for (const Part& p : parts)
    placed_.push_back({goal_.classes[place(p.cls, domain)].ways,
                       static_cast<uint32_t>(p.ways == abi::kRest ? all - used : p.ways)});
  solver_.solve(placed_, masks_[domain]);
  return true;
}

/// May the classes get the masks of this domain? Says whether one of them is another than now.
bool Shadow::may_divide(size_t domain, int32_t asked, bool& differs) {
  for (size_t i = 0; i < wanted_[domain].size(); ++i) {
    const int32_t part = wanted_[domain][i].cls;
    if (goal_.classes[place(part, domain)].ways == masks_[domain][i]) continue;
    differs = true;
    // A neighbour that gives way to the named class has not been asked for anything.
    if ((asked < 0 || asked == part) && !may_write(Target::ClassWays, place(part, domain))) return false;
  }
  return true;
}

int32_t Shadow::apply_layout(const Asked& asked, const Domains& in) {
  const auto said = [&]() -> Record& {
    return record_share(asked.verb, asked.cls, in, asked.value, asked.detail);
  };
  bool differs = false;
  for (size_t d = in.first; d < in.end; ++d)
    if (!solve(d) || !may_divide(d, asked.cls, differs)) return refused(said());
  bool first = true;
  for (size_t d = in.first; d < in.end; ++d) {
    for (size_t i = 0; i < wanted_[d].size(); ++i) {
      const int32_t part = wanted_[d][i].cls;
      Allocation::Class& cls = goal_.classes[place(part, d)];
      if (cls.ways == masks_[d][i]) continue;
      writes(Target::ClassWays, place(part, d), first, asked.cls < 0 || asked.cls == part);
      cls.ways = masks_[d][i];
      first = false;
    }
    layout_[d] = wanted_[d];
  }
  said().outcome = differs ? Outcome::Planned : Outcome::NoChange;
  return 0;
}

TextRef Shadow::layout_words(bool& bad) {
  text_.begin();
  for (const Part& p : parts_) {
    char piece[160];
    const auto n = p.ways == abi::kRest
                       ? fmt::format_to_n(piece, sizeof piece, "{}{}:rest", &p == parts_.data() ? "" : " ",
                                          plan_.classes[static_cast<size_t>(p.cls)])
                       : fmt::format_to_n(piece, sizeof piece, "{}{}:{}", &p == parts_.data() ? "" : " ",
                                          plan_.classes[static_cast<size_t>(p.cls)], p.ways);
    text_.append({piece, std::min(sizeof piece, n.size)});
  }
  const TextRef words = text_.finish();
  const auto none = std::find_if(parts_.begin(), parts_.end(),
                                 [](const Part& p) { return p.ways != abi::kRest && p.ways < 1; });
  bad = none != parts_.end();
  if (bad) Reason(*this, "`{}` gets {} ways", plan_.classes[static_cast<size_t>(none->cls)], none->ways);
  return words;
}

int32_t Shadow::layout() {
  bool bad = false;
  const TextRef detail = layout_words(bad);
  if (!has_rdt(facts_.rdt.l3_allocation, "L3 cache allocation") || bad)
    return refuse(Verb::Layout, -1, -1, 0, detail);
  for (auto& wanted : wanted_) wanted.assign(parts_.begin(), parts_.end());
  return apply_layout({Verb::Layout, -1, 0, detail}, domains(-1));
}

int32_t Shadow::set_ways(int32_t cls, int32_t domain, int64_t n) {
  const auto value = static_cast<double>(n);
  const Domains in = domains(domain);
  if (!has_rdt(facts_.rdt.l3_allocation, "L3 cache allocation") || !exists(cls))
    return refuse_share(Verb::Ways, cls, in, value);
  if (n < 1) {
    Reason(*this, "a class has at least {} way{}", facts_.rdt.l3_min_bits,
           facts_.rdt.l3_min_bits == 1 ? "" : "s");
    return refuse_share(Verb::Ways, cls, in, value);
  }
  for (size_t d = in.first; d < in.end; ++d) {
    wanted_[d] = layout_[d];
    const auto at =
        std::find_if(wanted_[d].begin(), wanted_[d].end(), [&](const Part& p) { return p.cls == cls; });
    if (at == wanted_[d].end())
      wanted_[d].push_back({cls, n});  // a class outside the layout in force gets bits of its own
    else if (at->ways != abi::kRest || ways(cls, static_cast<int32_t>(d)) != n)
      at->ways = n;  // a rest of so many ways stays the rest
  }
  return apply_layout({Verb::Ways, cls, value, {}}, in);
}

int32_t Shadow::put_mb(Verb verb, int32_t cls, const Domains& in, double value) {
  bool differs = false;
  for (size_t d = in.first; d < in.end; ++d) {
    if (goal_.classes[place(cls, d)].mb == value) continue;
    differs = true;
    if (!may_write(Target::ClassMb, place(cls, d))) return refuse_share(verb, cls, in, value);
  }
  if (!differs) {
    record_share(verb, cls, in, value).outcome = Outcome::NoChange;
    return 0;
  }
  bool first = true;
  for (size_t d = in.first; d < in.end; ++d) {
    double& mb = goal_.classes[place(cls, d)].mb;
    if (mb == value) continue;
    writes(Target::ClassMb, place(cls, d), first);
    mb = value;
    first = false;
  }
  record_share(verb, cls, in, value);
  return 0;
}

bool Shadow::has_mb(Verb verb) {
  if (!has_rdt(facts_.rdt.mb_allocation, "memory bandwidth allocation")) return false;
  const std::string_view why = why_not_mb(verb, facts_.rdt);
  if (!why.empty()) Reason(*this, "{}", why);
  return why.empty();
}

int32_t Shadow::set_mb(int32_t cls, int32_t domain, double ratio) {
  const Domains in = domains(domain);
  if (!has_mb(Verb::Mb) || !exists(cls)) return refuse_share(Verb::Mb, cls, in, ratio);
  const double step = facts_.rdt.mb_step();
  const double percent = std::round(ratio * 100 / step) * step;
  if (!(percent >= facts_.rdt.mb_min)) {
    Reason(*this, "{:.4g}% is below the minimum of {}%", ratio * 100, facts_.rdt.mb_min);
    return refuse_share(Verb::Mb, cls, in, ratio);
  }
  if (percent > 100) {
    Reason(*this, "{:.4g}% is above 100%", ratio * 100);
    return refuse_share(Verb::Mb, cls, in, ratio);
  }
  return put_mb(Verb::Mb, cls, in, percent / 100);
}

double Shadow::mb_rate(int32_t cls, int32_t domain) const {
  return in_rate() ? least_mb(cls, domain) : std::numeric_limits<double>::infinity();
}

int32_t Shadow::set_mb_rate(int32_t cls, int32_t domain, double rate) {
  const Domains in = domains(domain);
  if (!has_mb(Verb::MbRate) || !exists(cls)) return refuse_share(Verb::MbRate, cls, in, rate);
  const double step = facts_.rdt.mb_unit_rate() * facts_.rdt.mb_step();
  const double value = std::round(rate / step) * step;
  if (!(value >= facts_.rdt.mb_least_rate())) {
    Reason(*this, "{:.4g} MB/s is below the minimum of {:.4g} MB/s", rate / 1e6,
           facts_.rdt.mb_least_rate() / 1e6);
    return refuse_share(Verb::MbRate, cls, in, rate);
  }
  return put_mb(Verb::MbRate, cls, in, value);
}

}  // namespace cbench
