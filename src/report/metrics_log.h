#pragma once

#include <filesystem>
#include <string>

#include "engine/observer.h"

namespace actrec {

// Keeps metrics.jsonl and metrics.csv in a run directory: a line an epoch, numbers with all their digits.
// Both files are replaced as a whole after each epoch, so they are complete at any moment; a resumed run
// makes them anew from the epochs that it goes on from.
class MetricsLog : public TrainingObserver {
 public:
  explicit MetricsLog(std::filesystem::path directory);
  void on_resume(const std::vector<EpochResult>& epochs) override;
  void on_epoch(const EpochResult& result) override;

 private:
  void add(const EpochResult& result);
  void write() const;

  std::filesystem::path directory_;
  std::string jsonl_, csv_;
};

}  // namespace actrec
