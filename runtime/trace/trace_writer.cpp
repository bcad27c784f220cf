// TraceWriter: collects rows in columns and writes them in whole batches.
#include <bit>
#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "runtime/trace/compact.h"
#include "runtime/trace/encode.h"
#include "runtime/trace/file.h"
#include "runtime/trace/header.h"
#include "runtime/trace/schema.h"
#include "runtime/trace/trace.h"

namespace cbench {

using namespace trace;

namespace {

constexpr size_t kRowsReserved = 256;
// What is kept in memory while nothing can be written; further rows are lost, and the trace says how many.
constexpr size_t kMostPending = 32 << 20;

}  // namespace

struct TraceWriter::Impl {
  TraceHeader header;
  std::vector<Field> fields;
  std::vector<int> numbers;  // of the dictionaries, by field
  std::vector<Dictionary> dictionaries;
  std::vector<int32_t> container_index;  // by slot
  std::vector<ColumnBuffer> columns;
  std::vector<size_t> frame_rows;  // of the sample being copied
  size_t row_bytes = 0;
  size_t pending = 0;     // rows collected
  size_t text_bytes = 0;  // of them
  int64_t written = 0;    // rows
  int64_t batches = 0;
  TraceEvent lost;  // rows that found no place: the event that will tell so
  int64_t lost_rows = 0;
  bool ended = false;  // the end row has been collected
  bool closed = false;
  Bytes out;
  AppendFile file;

  Impl(const TraceHeader& h, AppendFile f) : header(h), fields(trace_fields(h.columns)), file(std::move(f)) {
    numbers = dictionary_numbers(fields);
    dictionaries = trace_dictionaries(header, fields);
    for (const std::string& name : header.container_names)
      container_index.push_back(dictionary(Col::Container).index(name));
    for (const Field& field : fields) {
      columns.emplace_back(field.type, field.nullable, kRowsReserved);
      row_bytes += width(field.type) + 1 + (field.type == Type::Utf8 ? sizeof(int32_t) : 0);
    }
    // Only what a replay needs later; texts may be large.
    header.config_text.clear();
    header.policy_text.clear();
    header.host_json.clear();
  }

  ColumnBuffer& at(Col column) { return columns[place(column, header.columns.size())]; }
  Dictionary& dictionary(Col column) {
    return dictionaries[static_cast<size_t>(numbers[place(column, header.columns.size())])];
  }

  // Sets a cell of the row that begin_row began; cells that are not set have no value.
  template <class T>
  void put(Col column, T value) {
    at(column).pad(pending - 1);
    at(column).append(value);
  }
  void put_text(Col column, std::string_view text) {
    if (text.empty()) return;
    at(column).pad(pending - 1);
    at(column).append_text(text);
    text_bytes += text.size();
  }
  void put_word(Col column, std::string_view word) {
    if (!word.empty()) put<int32_t>(column, dictionary(column).index(word));
  }

  // Is there a place for `rows` more? Otherwise they are counted as lost.
  bool admit(size_t rows, const TraceEvent& when, bool sample) {
    if ((pending + rows) * row_bytes + text_bytes <= kMostPending) return true;
    if (lost_rows == 0) lost = {.kind = EventKind::MissedSteps, .slot = -1, .code = 0, .text = ""};
    lost.step = when.step;
    lost.time_ns = when.time_ns;
    lost.wall_ns = when.wall_ns;
    lost.code += sample ? 1 : 0;
    lost_rows += static_cast<int64_t>(rows);
    return false;
  }

  void begin_row(RowKind kind, int64_t step, int64_t time_ns, int64_t wall_ns, int32_t slot) {
    ++pending;
    put<int32_t>(Col::Kind, static_cast<int32_t>(kind));
    put(Col::Step, step);
    put(Col::TimeNs, time_ns);
    put(Col::WallNs, wall_ns);
    if (slot < 0) return;
    put(Col::Slot, slot);
    if (static_cast<size_t>(slot) < container_index.size())
      put(Col::Container, container_index[static_cast<size_t>(slot)]);
  }

  void add_event(const TraceEvent& event) {
    begin_row(RowKind::Event, event.step, event.time_ns, event.wall_ns, event.slot);
    put<int32_t>(Col::Event, static_cast<int32_t>(event.kind));
    put(Col::Code, event.code);
    put_text(Col::Detail, event.text);
  }

  void add_metric(const Frame& frame, size_t metric, const std::vector<size_t>& rows);
  Result<> write(bool end_of_stream);
};

// Copies one metric of these rows of the frame.
void TraceWriter::Impl::add_metric(const Frame& frame, size_t metric, const std::vector<size_t>& rows) {
  ColumnBuffer& values = columns[value_place(metric)];
  ColumnBuffer& statuses = columns[status_place(metric)];
  values.pad(pending - rows.size());
  statuses.pad(pending - rows.size());
  const auto [value, valid] = values.grow(rows.size());
  const auto [status, status_valid] = statuses.grow(rows.size());
  std::memset(status_valid, 1, rows.size());
  const bool text = values.type() == Type::Dictionary;
  const uint64_t* cells = frame.values() + metric * (frame.slots() + 1);
  const uint8_t* states = frame.statuses() + metric * (frame.slots() + 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    status[i] = states[rows[i]];
    valid[i] = has_value(static_cast<Status>(status[i])) ? 1 : 0;
    if (text) {
      Dictionary& words = dictionaries[static_cast<size_t>(numbers[value_place(metric)])];
      const int32_t index = valid[i] != 0 ? words.index(frame.text(metric, rows[i])) : 0;
      std::memcpy(value + i * sizeof index, &index, sizeof index);
    } else {
      const uint64_t bits = valid[i] != 0 ? cells[rows[i]] : 0;
      std::memcpy(value + i * sizeof bits, &bits, sizeof bits);
    }
  }
}

// Writes the changed dictionaries and the rows, all at once or not at all.
Result<> TraceWriter::Impl::write(bool end_of_stream) {
  out.clear();
  for (size_t i = 0; i < dictionaries.size(); ++i)
    if (dictionaries[i].changed()) append_dictionary(static_cast<int64_t>(i), dictionaries[i].strings(), out);
  if (pending > 0) {
    for (ColumnBuffer& column : columns) column.pad(pending);
    append_batch(columns, pending, out);
  }
  if (end_of_stream) append_end(out);
  if (Result<> appended = file.append(out); !appended) {
    if (lost_rows > 0) appended.error().message += fmt::format("; {} rows are lost so far", lost_rows);
    return appended;
  }
  for (Dictionary& dictionary : dictionaries) dictionary.set_written();
  for (ColumnBuffer& column : columns) column.clear();
  batches += pending > 0 ? 1 : 0;
  written += static_cast<int64_t>(pending);
  pending = text_bytes = 0;
  if (lost_rows == 0) return Done{};
  lost.text = fmt::format("{} rows, {} samples among them, were lost while the trace could not be written",
                          lost_rows, lost.code);
  lost_rows = 0;
  add_event(lost);
  return Done{};
}

TraceWriter::TraceWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TraceWriter::~TraceWriter() {
  // An abandoned trace keeps its last rows; without an end row it reads as cut off. There is nobody to tell
  // of an error.
  if (!impl_->closed && impl_->pending > 0) static_cast<void>(impl_->write(false));
}

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::string& path, const TraceHeader& header) {
  Result<AppendFile> file = AppendFile::create(path);
  if (!file) return file.error();
  auto impl = std::make_unique<Impl>(header, std::move(*file));
  Bytes schema;
  append_schema(impl->fields, to_metadata(header), schema);
  if (Result<> written = impl->file.append(schema); !written) return written.error();
  if (Result<> written = impl->write(false); !written) return written.error();
  return std::unique_ptr<TraceWriter>(new TraceWriter(std::move(impl)));
}

void TraceWriter::sample(const Frame& frame) {
  Impl& w = *impl_;
  assert(frame.columns() == w.header.columns && frame.slots() == w.header.container_names.size());
  std::vector<size_t>& rows = w.frame_rows;
  rows.clear();
  for (size_t slot = 0; slot < frame.slots(); ++slot)
    if (frame.running[slot] != 0) rows.push_back(slot);
  rows.push_back(frame.host_row());
  if (!w.admit(rows.size(),
               {.step = frame.step, .time_ns = frame.now_ns, .wall_ns = frame.wall_ns, .text = ""}, true))
    return;
  for (const size_t row : rows) {
    w.begin_row(RowKind::Sample, frame.step, frame.now_ns, frame.wall_ns,
                row == frame.host_row() ? -1 : static_cast<int32_t>(row));
    w.put(Col::DtNs, frame.dt_ns);
  }
  for (size_t metric = 0; metric < frame.columns().size(); ++metric) w.add_metric(frame, metric, rows);
}

void TraceWriter::decision(const Decision& d, int64_t wall_ns) {
  Impl& w = *impl_;
  if (!w.admit(1, {.step = d.step, .time_ns = d.time_ns, .wall_ns = wall_ns, .text = ""}, false)) return;
  const bool remark = d.verb == Verb::Log || d.verb == Verb::Annotate || d.verb == Verb::Emit;
  w.begin_row(remark ? RowKind::Annotation : RowKind::Action, d.step, d.time_ns, wall_ns, d.slot);
  w.put<int32_t>(Col::Verb, static_cast<int32_t>(d.verb));
  w.put_word(Col::Target, target_of(d, w.header));
  const auto cls = static_cast<size_t>(d.cls);
  if (d.cls >= 0 && cls < w.header.plan.classes.size()) w.put_word(Col::Class, w.header.plan.classes[cls]);
  if (d.domain >= 0) w.put(Col::Domain, d.domain);
  if (has_figure(d.verb) || std::bit_cast<uint64_t>(d.value) != 0) w.put(Col::Value, d.value);
  w.put<int32_t>(Col::Outcome, static_cast<int32_t>(d.outcome));
  w.put_text(Col::Detail, d.detail);
  w.put_text(Col::Reason, d.reason);
  w.put_text(Col::Why, d.why);
  if (d.latency_ns >= 0) w.put(Col::LatencyNs, d.latency_ns);
  w.put(Col::Ordinal, d.ordinal);
  if (d.rule < 0) return;
  w.put(Col::Rule, d.rule);
  if (static_cast<size_t>(d.rule) < w.header.plan.rules.size())
    w.put(Col::Line, w.header.plan.rules[static_cast<size_t>(d.rule)].line);
}

void TraceWriter::event(const TraceEvent& event) {
  if (impl_->admit(1, event, false)) impl_->add_event(event);
}

Result<> TraceWriter::flush() { return impl_->pending > 0 ? impl_->write(false) : Result<>(Done{}); }

Result<> TraceWriter::close(const TraceEnd& end) {
  Impl& w = *impl_;
  if (w.closed) return Done{};
  // What was lost is told before the end, so the rows are written first.
  if (w.lost_rows > 0)
    if (Result<> written = w.write(false); !written) return written;
  if (!w.ended) {
    w.begin_row(RowKind::End, end.step, end.time_ns, end.wall_ns, -1);
    w.put_word(Col::Outcome, end.outcome);
    w.put_text(Col::Detail, end.text);
    w.put(Col::Samples, end.samples);
    w.put(Col::MissedSteps, end.missed_steps);
    w.ended = true;
  }
  if (Result<> written = w.write(true); !written) return written;
  w.closed = true;
  if (Result<> synced = w.file.sync(); !synced) return synced;
  // The trace is complete as it is: a disk too full for the second copy costs readers speed, not rows.
  if (w.batches > 1) static_cast<void>(compact(w.file.path(), w.fields, w.dictionaries));
  return Done{};
}

size_t TraceWriter::pending_bytes() const { return impl_->pending * impl_->row_bytes + impl_->text_bytes; }

int64_t TraceWriter::rows() const { return impl_->written + static_cast<int64_t>(impl_->pending); }

}  // namespace cbench
