// Plain data as bytes and back, for what goes to the process that generates code, comes from it, and is kept
// in the cache: between programs of one build on one machine, so in the machine's own byte order.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// The members of a struct, in the order in which they are written.
template <class T>
inline constexpr auto kFields = nullptr;
template <class T>
concept HasFields = !std::is_same_v<decltype(kFields<T>), const std::nullptr_t>;
template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class ByteWriter {
 public:
  template <Scalar T>
  ByteWriter& put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  /// Beside metrics.def a number means something in one process only.
  ByteWriter& put(Metric metric) {
    put(static_cast<uint16_t>(is_own(metric) ? kMetricCount : static_cast<size_t>(metric)));
    const MetricInfo& own = info(metric);
    return is_own(metric) ? put(own.group).put(own.name).put(own.unit) : *this;
  }
  ByteWriter& put(std::string_view text) {
    put<uint64_t>(text.size());
    bytes_.append(text);
    return *this;
  }
  ByteWriter& put(const std::string& text) { return put(std::string_view(text)); }
  template <class T>
  ByteWriter& put(const std::vector<T>& all) {
    put<uint64_t>(all.size());
    for (const T& one : all) put(one);
    return *this;
  }
  template <class K, class V>
  ByteWriter& put(const std::map<K, V>& all) {
    put<uint64_t>(all.size());
    for (const auto& [key, value] : all) put(key).put(value);
    return *this;
  }
  template <class T>
  ByteWriter& put(const std::optional<T>& value) {
    put(value.has_value());
    return value ? put(*value) : *this;
  }
  template <HasFields T>
  ByteWriter& put(const T& value) {
    std::apply([&](auto... member) { (put(value.*member), ...); }, kFields<T>);
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a ByteWriter wrote. Bytes that are too few or too many leave done() false, never more.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  /// Everything was read, and it was all there.
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

  template <class T>
  T get() {
    T value{};
    read(value);
    return value;
  }

 private:
  template <Scalar T>
  void read(T& value) {
    if (const std::string_view bytes = next(sizeof value); good_) {
      if constexpr (std::is_same_v<T, bool>)
        value = bytes[0] != 0;
      else
        std::memcpy(&value, bytes.data(), sizeof value);
    }
  }
  void read(Metric& metric);
  void read(std::string& text) { text = next(get<uint64_t>()); }
  template <class T>
  void read(std::vector<T>& all) {
    for (uint64_t n = count(); n > 0 && good_; --n) all.push_back(get<T>());
  }
  template <class K, class V>
  void read(std::map<K, V>& all) {
    for (uint64_t n = count(); n > 0 && good_; --n) {
      const K key = get<K>();
      all[key] = get<V>();
    }
  }
  template <class T>
  void read(std::optional<T>& value) {
    if (get<bool>()) value = get<T>();
  }
  template <HasFields T>
  void read(T& value) {
    std::apply([&](auto... member) { (read(value.*member), ...); }, kFields<T>);
  }
  /// Elements; each takes a byte at least.
  uint64_t count() {
    const auto n = get<uint64_t>();
    if (n > rest_.size()) good_ = false;
    return good_ ? n : 0;
  }
  std::string_view next(uint64_t size) {
    if (size > rest_.size()) good_ = false;
    if (!good_) return {};
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  std::string_view rest_;
  bool good_ = true;
};

/// FNV-1a of 64 bits. Finds damage; where two texts must be equal, they are compared.
constexpr uint64_t hash64(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}
/// `bytes` with their hash behind them.
std::string sealed(std::string bytes);
/// Takes the hash off; nullopt when it does not fit.
std::optional<std::string_view> unsealed(std::string_view bytes);

}  // namespace cbench
