#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "engine/observer.h"

namespace actrec {

// One line on stderr that is written over, at most ten times a second, and only if stderr is a terminal and
// the log there is not quiet. The destructor clears it.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::string& text);
  void clear();

 private:
  bool visible_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

// Shows training: the progress line within an epoch, a line in the log after it.
class TrainingProgress : public TrainingObserver {
 public:
  explicit TrainingProgress(int epochs) : epochs_(epochs) {}
  void on_step(const StepResult& result) override;
  void on_epoch(const EpochResult& result) override;

 private:
  int epochs_;
  ProgressLine line_;
};

}  // namespace actrec
