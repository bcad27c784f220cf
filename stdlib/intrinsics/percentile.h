// Percentiles of the samples in a window's ring.
#pragma once

#include "stdlib/abi/abi.h"

namespace cbench {

/// The percentile by nearest rank: the ⌈percent · count / 100⌉-th smallest of the `count` samples before
/// place `next` of a ring of `capacity`; 0 for none. Exact for any number of samples, without scratch memory:
/// the bits of the answer are found four at a time, in at most 17 walks over the samples. None of them may be
/// NaN.
double percentile_of(const abi::RingSample* ring, int64_t capacity, int64_t next, int64_t count,
                     int32_t percent);

}  // namespace cbench
