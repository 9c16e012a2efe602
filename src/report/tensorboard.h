#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/observer.h"
#include "report/event_file.h"

namespace actrec {

// Writes an event file of TensorBoard into a run directory: the figures of each epoch as scalars, and at each
// best epoch the confusion matrix and filmstrips of the most confident mistakes on the validation split.
class TensorBoardLog : public TrainingObserver {
 public:
  // Frames of a validation clip, given by its name, in order of time, as JPEG files.
  using FramesOf = std::function<std::vector<std::string>(const std::string& clip)>;

  TensorBoardLog(std::filesystem::path directory, FramesOf frames_of);
  void on_epoch(const EpochResult& result) override;
  void on_best_epoch(const EpochResult& result, const EvaluationResult& validation) override;

 private:
  std::filesystem::path directory_;
  std::optional<EventFile> events_;  // made with the first epoch: a run that fails before leaves none
  FramesOf frames_of_;
};

}  // namespace actrec
