#pragma once

#include <chrono>

namespace actrec {

// Measures durations; not the time of day, which may jump.
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace actrec
