#include "runtime/trace/compact.h"

#include <unistd.h>

#include "runtime/trace/decode.h"
#include "runtime/trace/encode.h"
#include "runtime/trace/file.h"

namespace cbench::trace {
namespace {

size_t bytes_of(const std::vector<ColumnBuffer>& columns) {
  size_t bytes = 0;
  for (const ColumnBuffer& column : columns) bytes += column.data().size() + column.rows() / 8;
  return bytes;
}

// Writes what has been collected as one batch.
Result<> write_rows(std::vector<ColumnBuffer>& columns, Bytes& out, AppendFile& to) {
  if (columns.front().rows() == 0) return Done{};
  out.clear();
  append_batch(columns, columns.front().rows(), out);
  for (ColumnBuffer& column : columns) column.clear();
  return to.append(out);
}

// The batches from `offset` on, collected into larger ones.
Result<> copy_batches(MappedFile& file, const Source& source, size_t offset, const std::vector<Field>& fields,
                      AppendFile& to) {
  std::vector<ColumnBuffer> columns;
  for (const Field& field : fields) columns.emplace_back(field.type, field.nullable, 0);
  Bytes out;
  for (;;) {
    Result<Item> item = read_message(source, offset, source.bytes.size());
    if (!item) return item.error();
    const Message* message = std::get_if<Message>(&*item);
    if (message == nullptr) break;
    const Result<int64_t> dictionary = dictionary_id(source, *message);
    if (!dictionary) return dictionary.error();
    if (*dictionary < 0) {
      const Result<BatchView> batch = read_batch(source, *message, fields);
      if (!batch) return batch.error();
      for (size_t i = 0; i < fields.size(); ++i) columns[i].append(batch->columns[i], batch->rows);
    }
    offset = message->end;
    file.release_before(offset);
    if (bytes_of(columns) < kCompactBytes) continue;
    if (Result<> written = write_rows(columns, out, to); !written) return written;
  }
  if (Result<> written = write_rows(columns, out, to); !written) return written;
  out.clear();
  append_end(out);
  return to.append(out);
}

Result<> rewrite(const std::string& path, const std::vector<Field>& fields,
                 const std::vector<Dictionary>& dictionaries, AppendFile& to) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file) return file.error();
  const Source source{path, file->bytes()};
  const Result<Item> first = read_message(source, 0, source.bytes.size());
  if (!first) return first.error();
  const Message* schema = std::get_if<Message>(&*first);
  if (schema == nullptr) return source.damaged(0, "the schema is cut off");
  Bytes out(source.bytes.begin(), source.bytes.begin() + static_cast<ptrdiff_t>(schema->end));
  for (size_t i = 0; i < dictionaries.size(); ++i)
    append_dictionary(static_cast<int64_t>(i), dictionaries[i].strings(), out);
  if (Result<> written = to.append(out); !written) return written;
  if (Result<> copied = copy_batches(*file, source, schema->end, fields, to); !copied) return copied;
  return to.sync();
}

}  // namespace

Result<> compact(const std::string& path, const std::vector<Field>& fields,
                 const std::vector<Dictionary>& dictionaries) {
  Result<AppendFile> to = AppendFile::create_beside(path);
  if (!to) return to.error();
  Result<> done = rewrite(path, fields, dictionaries, *to);
  if (done) done = replace_file(to->path(), path);
  if (!done) ::unlink(to->path().c_str());
  return done;
}

}  // namespace cbench::trace
