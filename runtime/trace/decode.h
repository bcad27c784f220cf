// Arrow IPC messages, read in place. Every offset and length is checked before it is used, so that no input,
// however damaged, is read beyond its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/trace/column.h"
#include "runtime/trace/encode.h"

namespace cbench::arrow {
struct Message;
}

namespace cbench::trace {

/// A message whose FlatBuffer and checksum were verified.
struct Message {
  size_t offset = 0;  ///< of its first byte in the file
  size_t end = 0;     ///< of the byte after its body
  const arrow::Message* header{};
  std::span<const uint8_t> body;
};
/// The stream's end mark.
struct StreamEnd {};
/// The file ends within a message.
struct CutOff {};
using Item = std::variant<Message, StreamEnd, CutOff>;

/// A file's bytes, and its name for messages.
struct Source {
  std::string path;
  std::span<const uint8_t> bytes;

  /// "`path` is damaged at byte …: `what`".
  [[nodiscard]] Error damaged(size_t offset, const std::string& what) const;
};

/// The message at `offset`, a multiple of 8. `longest` bounds its metadata: a longer one is damage, not a
/// cut.
Result<Item> read_message(const Source& source, size_t offset, size_t longest);

/// The schema's metadata, empty when it has none. Errors: the message is not a schema, or a big endian one.
Result<Metadata> read_metadata(const Source& source, const Message& message);
/// The schema's columns, without their metadata. Errors: a column of a type that no trace has.
Result<std::vector<Field>> read_fields(const Source& source, const Message& message);

/// Number of the dictionary of a dictionary message; -1 for a record batch. Errors: another kind of message.
Result<int64_t> dictionary_id(const Source& source, const Message& message);

/// A batch's columns in place.
struct BatchView {
  size_t rows = 0;
  std::vector<ColumnView> columns;
};
/// Reads a record batch with these columns, or a dictionary with its one column. Checks the checksum where
/// there is one.
Result<BatchView> read_batch(const Source& source, const Message& message, const std::vector<Field>& fields);

}  // namespace cbench::trace
