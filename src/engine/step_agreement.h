#pragma once

#include <cstdint>

#include "engine/process_group.h"

namespace actrec {

// What one process brings to a step, and what all of them together do in it.
struct StepAgreement {
  double weight = 0;       // of its clips in the batch's mean loss
  std::int64_t clips = 0;  // in the batch
  bool stop = false;       // whether the user asked it to stop
  bool save = false;       // whether the training state is due

  // The sums over the processes; stops and saves where one of them wants to.
  StepAgreement with(ProcessGroup& group) const;
};

}  // namespace actrec
