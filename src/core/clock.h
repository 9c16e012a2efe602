#pragma once

#include <algorithm>
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

// A limit on the time of something that is looked at again and again. Of the time between two looks no more
// than kLongestStep counts, so that it does not run while the process is stopped (Ctrl-Z) or the machine
// sleeps.
class TimeLimit {
 public:
  static constexpr double kLongestStep = 5;  // seconds

  explicit TimeLimit(double seconds) : seconds_(seconds) {}
  void restart(Clock::time_point now = Clock::now()) {
    passed_ = 0;
    looked_ = now;
  }
  bool is_over(Clock::time_point now = Clock::now()) {
    passed_ += std::min(kLongestStep, std::chrono::duration<double>(now - looked_).count());
    looked_ = now;
    return passed_ > seconds_;
  }

 private:
  double seconds_, passed_ = 0;
  Clock::time_point looked_ = Clock::now();
};

}  // namespace actrec
