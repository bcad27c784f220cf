// Where random tests take their choices from: a seed, or the bytes of a fuzzer while they last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace cbench::test {

class Choices {
 public:
  explicit Choices(uint64_t seed) : random_(seed) {}
  /// The seed is what the first bytes say.
  Choices(const uint8_t* data, size_t size) : random_(size), data_(data), size_(size) {
    uint64_t seed = size;
    for (size_t i = 0; i < 8 && i < size; ++i) seed = seed * 257 + data[i];
    random_.seed(seed);
  }

  /// From 0, below n.
  size_t below(size_t n) {
    if (n < 2) return 0;
    if (used_ < size_) return data_[used_++] % n;
    return static_cast<size_t>(random_() % n);
  }
  bool one_in(size_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  template <class T, size_t N>
  const T& of(const T (&all)[N]) {
    return all[below(N)];
  }

 private:
  std::mt19937_64 random_;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0, used_ = 0;
};

}  // namespace cbench::test
