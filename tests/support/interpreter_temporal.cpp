// Streams as they are read, and operators with a memory: windows as queues that are walked, from the oldest
// sample to the newest.
#include <algorithm>
#include <cmath>

#include "interpreter.h"

#pragma STDC FP_CONTRACT OFF

namespace cbench::test {

using check::kNone;
using check::Op;
using check::WindowOp;

namespace {

constexpr Value kMissing{false};

Value finite(double x) { return std::isfinite(x) ? Value{true, 0, x} : kMissing; }

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

/// The ⌈p/100 · n⌉-th smallest; of two zeros the negative one is the smaller.
double nearest_rank(std::vector<double> values, int64_t percent) {
  std::sort(values.begin(), values.end(),
            [](double a, double b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); });
  const auto n = static_cast<int64_t>(values.size());
  return values[static_cast<size_t>((percent * n + 99) / 100 - 1)];
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

Value deviation(const std::vector<double>& values) {
  if (values.size() < 2) return kMissing;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return finite(std::sqrt(squares / static_cast<double>(values.size() - 1)));
}

/// Σ(t − t̄)(v − v̄) / Σ(t − t̄)²
Value slope(const std::vector<double>& times, const std::vector<double>& values) {
  const double mean_time = mean_of(times);
  const double mean = mean_of(values);
  double products = 0;
  double squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    products += (times[i] - mean_time) * (values[i] - mean);
    squares += (times[i] - mean_time) * (times[i] - mean_time);
  }
  return squares > 0 ? finite(products / squares) : kMissing;
}

}  // namespace

Value Interpreter::stream_value(uint32_t id, int32_t slot) {
  const size_t at = p_.streams[id].subject == kNone ? 0 : static_cast<size_t>(slot);
  const StreamCell& cell = cells_[id][at];
  if (!cell.updated || frame_->now_ns - *cell.updated > layout_.streams[id].hold_ns[at]) return kMissing;
  return cell.value;
}

Value Interpreter::stream_before(uint32_t id, int32_t slot) {
  const StreamCell& cell = cells_[id][p_.streams[id].subject == kNone ? 0 : static_cast<size_t>(slot)];
  return cell.updated == frame_->now_ns ? cell.before : cell.value;
}

Value Interpreter::temporal(const Node& n) {
  Memory& m = memories_[n.temporal][element_];
  if (n.op == Op::Schmitt) return schmitt(n, m);
  Value x = expr(n.kids[0]);
  if (is_float(n.kids[0]) && !std::isfinite(x.f)) x.present = false;
  switch (n.op) {
    case Op::Rises:
    case Op::Falls:
    case Op::Changed: {
      const auto old = m.last;
      if (!x.present) return kMissing;
      m.last = {frame_->now_ns, x};
      if (!old) return {true, 0};
      const bool differs = is_float(n.kids[0]) ? x.f != old->value.f : x.i != old->value.i;
      const bool way = n.op == Op::Rises ? x.i != 0 : n.op == Op::Falls ? x.i == 0 : true;
      return {true, differs && way ? 1 : 0};
    }
    case Op::Window:
      return window(n, x, m);
    case Op::Ewma:
      return ewma(n, x, m);
    default:
      return previous(n, x, m);
  }
}

Value Interpreter::window(const Node& n, const Value& x, Memory& m) {
  const check::Temporal& t = p_.temporals[n.temporal];
  const int64_t clock = t.by_steps ? ++m.ticks : frame_->now_ns;
  if (x.present) m.samples.push_back({clock, x});
  while (static_cast<int64_t>(m.samples.size()) > layout_.temporals[n.temporal].capacity)
    m.samples.pop_front();
  const int64_t cutoff = clock - expr(t.length).i;
  std::vector<Sample> in;
  for (const Sample& s : m.samples)
    if (s.at > cutoff) in.push_back(s);
  const auto count = static_cast<int64_t>(in.size());
  if (count < t.min_samples || count == 0) return kMissing;
  if (t.window == WindowOp::Hold) return in.back().value;
  const bool truths = node(n.kids[0]).type.base == check::Base::Bool;
  if (t.window == WindowOp::Count)
    return {true, truths ? std::count_if(in.begin(), in.end(), [](const Sample& s) { return s.value.i != 0; })
                         : count};
  std::vector<double> values;
  std::vector<double> times;  // in seconds since the first sample
  double sum = 0;
  for (const Sample& s : in) {
    values.push_back(s.value.f);
    times.push_back(seconds(s.at - in.front().at));
    sum += s.value.f;
  }
  switch (t.window) {
    case WindowOp::Avg:
      return finite(sum / static_cast<double>(count));
    case WindowOp::Sum:
      return finite(sum);
    case WindowOp::Min:
      return finite(*std::min_element(values.begin(), values.end()));
    case WindowOp::Max:
      return finite(*std::max_element(values.begin(), values.end()));
    case WindowOp::Sd:
      return deviation(values);
    case WindowOp::Slope:
      return slope(times, values);
    case WindowOp::P50:
      return finite(nearest_rank(values, 50));
    case WindowOp::P95:
      return finite(nearest_rank(values, 95));
    case WindowOp::P99:
      return finite(nearest_rank(values, 99));
    default:
      break;
  }
  if (count < 2) return kMissing;
  const double change = values.back() - values.front();
  double result = t.of_delta ? sum : change;
  if (t.window == WindowOp::Rate) {
    if (times.back() <= 0) return kMissing;
    // The first delta belongs to the interval before the first time.
    result = (t.of_delta ? sum - values.front() : change) / times.back();
  }
  if (t.of_cumulative && !(result >= 0)) return kMissing;
  return finite(result);
}

Value Interpreter::ewma(const Node& n, const Value& x, Memory& m) {
  if (!x.present) return kMissing;
  const int64_t now = frame_->now_ns;
  Value out = x;
  if (m.last) {
    const auto half = static_cast<double>(expr(p_.temporals[n.temporal].length).i);
    const double old = m.last->value.f;
    out.f = old + (1 - do_.exp2(static_cast<double>(m.last->at - now) / half)) * (x.f - old);
  }
  m.last = {now, out};
  return out;
}

Value Interpreter::previous(const Node& n, const Value& x, Memory& m) {
  const check::Temporal& t = p_.temporals[n.temporal];
  const auto old = m.last;
  if (!x.present) return kMissing;
  m.last = {frame_->now_ns, x};
  if (t.of_delta && n.op == Op::DeltaPrevious) return x;
  if (!old) return kMissing;
  double result = t.of_delta ? x.f : x.f - old->value.f;
  if (n.op == Op::RatePrevious) {
    if (frame_->now_ns <= old->at) return kMissing;
    result /= seconds(frame_->now_ns - old->at);
  }
  if (t.of_cumulative && !(result >= 0)) return kMissing;
  return {true, 0, result};
}

Value Interpreter::schmitt(const Node& n, Memory& m) {
  const Value x = expr(n.kids[0]);
  const double on = expr(n.kids[1]).f;
  const double off = expr(n.kids[2]).f;
  if (!x.present) return kMissing;
  const bool upward = on >= off;
  if (upward ? x.f > on : x.f < on)
    m.latch = true;
  else if (upward ? x.f < off : x.f > off)
    m.latch = false;
  return {true, m.latch ? 1 : 0};
}

}  // namespace cbench::test
