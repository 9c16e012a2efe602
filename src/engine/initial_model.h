#pragma once

#include <torch/torch.h>

#include <memory>

#include "config/settings.h"
#include "data/batch_source.h"
#include "data/splits.h"
#include "engine/checkpoint.h"
#include "engine/process_group.h"

namespace actrec {

// A model before its first step, on `device`, and what its checkpoints will say of it.
struct InitialModel {
  CheckpointInfo info;  // epoch 0; train.memory_format is not `auto` any more
  std::shared_ptr<Recogniser> model;
};

// Makes the model that settings and splits ask for, with the weights to start from where they name some;
// measures the pixels that `batches` gives where `normalize` is `dataset`. Throws what reading weights
// throws. All processes of the group must call it.
InitialModel make_initial_model(const Settings& settings, const DataSplits& splits, BatchSource& batches,
                                const torch::Device& device, ProcessGroup& group);

}  // namespace actrec
