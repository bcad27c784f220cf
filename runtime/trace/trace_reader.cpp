// TraceReader: turns batches back into frames, decisions and events, in the order in which they were written.
#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "runtime/trace/decode.h"
#include "runtime/trace/file.h"
#include "runtime/trace/header.h"
#include "runtime/trace/schema.h"
#include "runtime/trace/trace.h"

namespace cbench {

using namespace trace;

namespace {

constexpr size_t kLongestSchema = size_t{1} << 30;

// A dictionary as last written, and what its words mean to us (-1: nothing).
struct Words {
  std::vector<std::string_view> text;
  std::vector<int32_t> code;
};

template <class Names>
int32_t position(const Names& names, std::string_view word) {
  const auto found = std::find(std::begin(names), std::end(names), word);
  return found == std::end(names) ? -1 : static_cast<int32_t>(found - std::begin(names));
}

int32_t verb_code(std::string_view word) {
  const auto found = std::find_if(std::begin(kActions), std::end(kActions),
                                  [&](const ActionInfo& a) { return a.name == word; });
  return found == std::end(kActions) ? -1 : static_cast<int32_t>(found - std::begin(kActions));
}

int32_t code_of(std::string_view column, std::string_view word, const TraceHeader& header) {
  if (column == "kind") return position(kRowKindNames, word);
  if (column == "event") return position(kEventNames, word);
  if (column == "outcome") return position(kOutcomeNames, word);
  if (column == "verb") return verb_code(word);
  if (column == "class") return position(header.plan.classes, word);
  return -1;
}

// What the file is instead of a trace.
Error foreign(const std::string& path, std::span<const uint8_t> bytes) {
  const auto error = [&](const char* what, const char* hint) {
    return Error{Exit::Invalid, fmt::format("`{}` is not a trace: {}", path, what), hint};
  };
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                               std::min<size_t>(bytes.size(), 6));
  if (start.empty()) return error("it is empty", "the run ended before it could write its header");
  if (start == "ARROW1")
    return error("it is an Arrow file, and a trace is an Arrow stream",
                 "cbench reads what `cbench run` wrote");
  return error("no Arrow stream begins in it", "traces are the .arrows files that `cbench run` writes");
}

}  // namespace

struct TraceReader::Impl {
  MappedFile file;
  Source source;
  TraceHeader header;
  Frame frame;
  std::vector<Field> fields;
  std::vector<int> numbers;  // of the dictionaries, by field
  std::vector<Field> word_field = {{"words", Type::Utf8, true, {}}};
  std::vector<Words> dictionaries;
  std::vector<size_t> dictionary_fields;  // by number
  BatchView batch;
  size_t batch_offset = 0, row = 0;
  size_t offset = 0;  // of the next message
  bool ended = false, finished = false;
  std::optional<Error> failed;
  std::vector<size_t> frame_rows;  // of the sample being read

  /// `later`: of the columns that the first traces did not have, those that this one has.
  Impl(MappedFile f, Source s, TraceHeader h, size_t first, size_t later)
      : file(std::move(f)),
        source(std::move(s)),
        header(std::move(h)),
        frame(header.columns, header.container_names.size()),
        fields(trace_fields(header.columns)),
        numbers(dictionary_numbers(fields)),
        offset(first) {
    fields.resize(fields.size() - kLaterColumns + later);
    numbers.resize(fields.size());
    for (size_t i = 0; i < fields.size(); ++i)
      if (numbers[i] >= 0) dictionary_fields.push_back(i);
    dictionaries.resize(dictionary_fields.size());
  }

  [[nodiscard]] bool has(Col column) const { return place(column, header.columns.size()) < fields.size(); }
  [[nodiscard]] const ColumnView& at(Col column) const {
    return batch.columns[place(column, header.columns.size())];
  }
  [[nodiscard]] Error damaged(const std::string& what) const {
    return source.damaged(batch_offset, fmt::format("row {}: {}", row, what));
  }

  [[nodiscard]] const Words& words(Col column) const {
    return dictionaries[static_cast<size_t>(numbers[place(column, header.columns.size())])];
  }
  // The word of a cell; "" when it has none. Indices were checked when the batch was loaded.
  [[nodiscard]] std::string_view word(Col column, size_t r) const {
    return at(column).valid(r) ? words(column).text[static_cast<size_t>(at(column).get<int32_t>(r))]
                               : std::string_view();
  }
  // The word's meaning to us; -1 when there is none.
  [[nodiscard]] int32_t code(Col column, size_t r) const {
    return at(column).valid(r) ? words(column).code[static_cast<size_t>(at(column).get<int32_t>(r))] : -1;
  }
  [[nodiscard]] int32_t slot(size_t r) const { return at(Col::Slot).get_or<int32_t>(r, -1); }

  Result<> load_dictionary(const Message& message, int64_t id);
  Result<> load_batch(const Message& message);
  Result<> load_next();
  Result<> read_metric(size_t metric, size_t last);
  Result<TraceItem> read_sample();
  Result<TraceItem> read_decision();
  Result<TraceItem> read_event();
  TraceItem read_end();
  Result<TraceItem> read_row();
};

Result<> TraceReader::Impl::load_dictionary(const Message& message, int64_t id) {
  if (static_cast<uint64_t>(id) >= dictionaries.size())
    return source.damaged(message.offset, fmt::format("there is no dictionary {}", id));
  const Result<BatchView> view = read_batch(source, message, word_field);
  if (!view) return view.error();
  Words& to = dictionaries[static_cast<size_t>(id)];
  const std::string& column = fields[dictionary_fields[static_cast<size_t>(id)]].name;
  to = {};
  for (size_t i = 0; i < view->rows; ++i) {
    to.text.push_back(view->columns[0].text(i));
    to.code.push_back(code_of(column, to.text.back(), header));
  }
  return Done{};
}

Result<> TraceReader::Impl::load_batch(const Message& message) {
  Result<BatchView> view = read_batch(source, message, fields);
  if (!view) return view.error();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (numbers[i] < 0) continue;
    const size_t count = dictionaries[static_cast<size_t>(numbers[i])].text.size();
    const ColumnView& column = view->columns[i];
    for (size_t r = 0; r < view->rows; ++r)
      if (column.valid(r) && static_cast<uint32_t>(column.get<int32_t>(r)) >= count)
        return source.damaged(
            message.offset,
            fmt::format("row {}: column `{}` points outside of its dictionary", r, fields[i].name));
  }
  batch = std::move(*view);
  batch_offset = message.offset;
  row = 0;
  return Done{};
}

// Reads on to the next message. At the stream's end `finished` is set.
Result<> TraceReader::Impl::load_next() {
  // What a batch of these columns takes for each of them (a node and at most three buffers), and some more.
  const size_t longest = 4096 + fields.size() * 128;
  const Result<Item> item = read_message(source, offset, longest);
  if (!item) return item.error();
  const Message* message = std::get_if<Message>(&*item);
  if (message == nullptr) {
    finished = true;
    if (std::holds_alternative<StreamEnd>(*item) && source.bytes.size() - offset > 8)
      return source.damaged(offset + 8, "bytes follow the end of the stream");
    return Done{};
  }
  offset = message->end;
  const Result<int64_t> id = dictionary_id(source, *message);
  if (!id) return id.error();
  return *id >= 0 ? load_dictionary(*message, *id) : load_batch(*message);
}

// Copies one metric of the sample's rows into the frame.
Result<> TraceReader::Impl::read_metric(size_t metric, size_t last) {
  const ColumnView& values = batch.columns[value_place(metric)];
  const ColumnView& statuses = batch.columns[status_place(metric)];
  const MetricType type = info(header.columns[metric]).type;
  for (size_t r = row; r <= last; ++r) {
    const size_t to = frame_rows[r - row];
    const uint8_t status = statuses.get_or<uint8_t>(r, UINT8_MAX);
    if (status >= std::size(kStatusNames))
      return damaged(fmt::format("`{}` has no status", fields[value_place(metric)].name));
    const auto state = static_cast<Status>(status);
    if (!has_value(state))
      frame.set_missing(metric, to, state);
    else if (!values.valid(r))
      return damaged(
          fmt::format("`{}` is {}, but has no value", fields[value_place(metric)].name, name(state)));
    else if (type == MetricType::Str)
      frame.set_text(metric, to,
                     dictionaries[static_cast<size_t>(numbers[value_place(metric)])]
                         .text[static_cast<size_t>(values.get<int32_t>(r))]);
    else
      frame.set_i64(metric, to, values.get<int64_t>(r), state);  // the bits, also of a double
  }
  return Done{};
}

// A sample is a row a running container, and one without a slot, the host's, that closes it.
Result<TraceItem> TraceReader::Impl::read_sample() {
  std::fill(frame.running.begin(), frame.running.end(), uint8_t{0});
  frame_rows.clear();
  size_t last = row;
  for (;; ++last) {
    if (last == batch.rows || code(Col::Kind, last) != static_cast<int32_t>(RowKind::Sample))
      return damaged("a sample has no row of the host");
    const int32_t s = slot(last);
    if (s < 0) break;
    if (static_cast<size_t>(s) >= frame.slots() || frame.running[static_cast<size_t>(s)] != 0)
      return damaged(fmt::format("a sample has a row of container {}, which is not its own", s));
    frame.running[static_cast<size_t>(s)] = 1;
    frame_rows.push_back(static_cast<size_t>(s));
  }
  frame_rows.push_back(frame.host_row());
  for (size_t metric = 0; metric < header.columns.size(); ++metric) {
    for (size_t s = 0; s < frame.slots(); ++s)
      if (frame.running[s] == 0) frame.set_missing(metric, s, Status::Stopped);
    if (Result<> read = read_metric(metric, last); !read) return read.error();
  }
  frame.step = at(Col::Step).get<int64_t>(last);
  frame.now_ns = at(Col::TimeNs).get<int64_t>(last);
  frame.wall_ns = at(Col::WallNs).get<int64_t>(last);
  frame.dt_ns = at(Col::DtNs).get_or<int64_t>(last, 0);
  row = last + 1;
  return TraceItem(SampleMark{});
}

Result<TraceItem> TraceReader::Impl::read_decision() {
  const int32_t verb = code(Col::Verb, row), outcome = code(Col::Outcome, row), cls = code(Col::Class, row);
  if (verb < 0) return damaged(fmt::format("`{}` is no action that this cbench knows", word(Col::Verb, row)));
  if (outcome < 0)
    return damaged(fmt::format("`{}` is no outcome that this cbench knows", word(Col::Outcome, row)));
  if (cls < 0 && at(Col::Class).valid(row))
    return damaged(fmt::format("the policy has no class `{}`", word(Col::Class, row)));
  Decision d;
  d.step = at(Col::Step).get<int64_t>(row);
  d.time_ns = at(Col::TimeNs).get<int64_t>(row);
  d.ordinal = at(Col::Ordinal).get_or<uint32_t>(row, 0);
  d.rule = at(Col::Rule).get_or<int32_t>(row, -1);
  d.verb = static_cast<Verb>(verb);
  d.slot = slot(row);
  d.cls = cls;
  d.domain = at(Col::Domain).get_or<int32_t>(row, -1);
  d.value = at(Col::Value).get_or<double>(row, 0);
  d.outcome = static_cast<Outcome>(outcome);
  d.detail = at(Col::Detail).text(row);
  d.reason = at(Col::Reason).text(row);
  d.why = at(Col::Why).text(row);
  if (has(Col::LatencyNs)) d.latency_ns = at(Col::LatencyNs).get_or<int64_t>(row, -1);
  if (d.slot >= static_cast<int32_t>(frame.slots()))
    return damaged(fmt::format("there is no container {}", d.slot));
  if (d.rule >= static_cast<int64_t>(header.plan.rules.size()))
    return damaged(fmt::format("the policy has no rule {}", d.rule));
  ++row;
  return TraceItem(std::move(d));
}

Result<TraceItem> TraceReader::Impl::read_event() {
  const int32_t kind = code(Col::Event, row);
  if (kind < 0) return damaged(fmt::format("`{}` is no event that this cbench knows", word(Col::Event, row)));
  TraceEvent event{.kind = static_cast<EventKind>(kind),
                   .step = at(Col::Step).get<int64_t>(row),
                   .time_ns = at(Col::TimeNs).get<int64_t>(row),
                   .wall_ns = at(Col::WallNs).get<int64_t>(row),
                   .slot = slot(row),
                   .code = at(Col::Code).get_or<int64_t>(row, 0),
                   .text = std::string(at(Col::Detail).text(row))};
  if (event.slot >= static_cast<int32_t>(frame.slots()))
    return damaged(fmt::format("there is no container {}", event.slot));
  ++row;
  return TraceItem(std::move(event));
}

TraceItem TraceReader::Impl::read_end() {
  ended = true;
  TraceEnd end{.step = at(Col::Step).get<int64_t>(row),
               .time_ns = at(Col::TimeNs).get<int64_t>(row),
               .wall_ns = at(Col::WallNs).get<int64_t>(row),
               .outcome = std::string(word(Col::Outcome, row)),
               .text = std::string(at(Col::Detail).text(row)),
               .samples = at(Col::Samples).get_or<int64_t>(row, 0),
               .missed_steps = at(Col::MissedSteps).get_or<int64_t>(row, 0)};
  ++row;
  return end;
}

Result<TraceItem> TraceReader::Impl::read_row() {
  const int32_t kind = code(Col::Kind, row);
  if (kind < 0)
    return damaged(fmt::format("`{}` is no kind of row that this cbench knows", word(Col::Kind, row)));
  if (slot(row) < -1) return damaged(fmt::format("there is no container {}", slot(row)));
  switch (static_cast<RowKind>(kind)) {
    case RowKind::Sample:
      return read_sample();
    case RowKind::Action:
    case RowKind::Annotation:
      return read_decision();
    case RowKind::Event:
      return read_event();
    case RowKind::End:
      return read_end();
  }
  return damaged("an unknown kind of row");
}

TraceReader::TraceReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TraceReader::~TraceReader() = default;

Result<std::unique_ptr<TraceReader>> TraceReader::open(const std::string& path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file) return file.error();
  const Source source{path, file->bytes()};
  constexpr uint8_t kStart[4] = {0xFF, 0xFF, 0xFF, 0xFF};
  const size_t known = std::min(source.bytes.size(), sizeof kStart);
  if (known == 0 || !std::equal(kStart, kStart + known, source.bytes.begin()))
    return foreign(path, source.bytes);
  Result<Item> item = read_message(source, 0, kLongestSchema);
  if (!item) {
    item.error().hint = "nothing of it can be read; get another copy of the file if there is one";
    return item.error();
  }
  const Message* message = std::get_if<Message>(&*item);
  if (message == nullptr)
    return Error{Exit::Invalid, fmt::format("the trace `{}` is cut off inside its header", path),
                 "nothing of it can be read; record it anew"};
  const Result<Metadata> metadata = read_metadata(source, *message);
  if (!metadata) return metadata.error();
  Result<TraceHeader> header = header_from_metadata(path, *metadata);
  if (!header) return header.error();

  const Result<std::vector<Field>> fields = read_fields(source, *message);
  if (!fields) return fields.error();
  const size_t first_count = trace_fields(header->columns).size() - kLaterColumns;
  auto impl = std::make_unique<Impl>(std::move(*file), source, std::move(*header), message->end,
                                     fields->size() > first_count ? kLaterColumns : 0);
  const bool same = std::equal(fields->begin(), fields->end(), impl->fields.begin(), impl->fields.end(),
                               [](const Field& a, const Field& b) {
                                 return a.name == b.name && a.type == b.type && (b.nullable || !a.nullable);
                               });
  if (!same) return source.damaged(0, "its columns are not those of a trace with these metrics");
  return std::unique_ptr<TraceReader>(new TraceReader(std::move(impl)));
}

const TraceHeader& TraceReader::header() const { return impl_->header; }
const Frame& TraceReader::frame() const { return impl_->frame; }

Result<std::optional<TraceItem>> TraceReader::next() {
  Impl& r = *impl_;
  while (!r.failed && !r.finished && r.row == r.batch.rows)
    if (Result<> loaded = r.load_next(); !loaded) r.failed = loaded.error();
  if (r.failed) return *r.failed;
  if (r.finished) return std::optional<TraceItem>();
  Result<TraceItem> item = r.read_row();
  if (item) return std::optional<TraceItem>(std::move(*item));
  r.failed = item.error();
  return *r.failed;
}

bool TraceReader::truncated() const { return impl_->finished && !impl_->ended; }

}  // namespace cbench
