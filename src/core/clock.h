#pragma once

#include <chrono>

namespace actrec {

// Measures durations; not the time of day, which may jump.
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The length of a piece of work that may have begun in an earlier process.
class Stopwatch {
 public:
  explicit Stopwatch(double seconds_before = 0) : before_(seconds_before) {}
  double seconds() const { return before_ + seconds_since(start_); }

 private:
  double before_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace actrec
