#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "engine/schedule.h"
#include "engine/training_step.h"

namespace actrec {

// The last updates of a training, of which nobody has asked yet whether their gradients were finite: the
// answer waits for the device.
class UncheckedUpdates {
 public:
  static constexpr std::size_t kMostOnDevice = 100;

  struct Update {
    UpdateGroup group;
    std::vector<std::size_t> clips;  // indices in the training split
  };

  explicit UncheckedUpdates(const torch::Device& device) : most_(device.is_cpu() ? 1 : kMostOnDevice) {}

  void add(const UpdateGroup& group, std::vector<std::size_t> clips) {
    updates_.push_back({group, std::move(clips)});
  }
  // Whether it is time to ask: on the CPU, which need not be waited for, after every update.
  bool are_due() const { return updates_.size() >= most_; }
  // Asks; the first of them whose gradient was not finite. `step` has done them all.
  std::optional<Update> find_failed(TrainingStep& step) {
    const std::vector<Update> updates = std::exchange(updates_, {});
    const auto failed = static_cast<std::size_t>(step.failed_updates());
    if (failed == 0) return std::nullopt;
    return updates.at(updates.size() - failed);
  }

 private:
  std::size_t most_;
  std::vector<Update> updates_;
};

}  // namespace actrec
