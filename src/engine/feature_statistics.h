#pragma once

#include <torch/torch.h>

#include <vector>

#include "data/batch_source.h"
#include "engine/process_group.h"
#include "models/recogniser.h"

namespace actrec {

// Measures mean and deviation of each frame feature over the training clips, as the first epoch shows them,
// and gives them to model.input(). `model` is on `device`. Throws DataError for a clip that cannot be read,
// and Interrupted when the user asked to stop.
void measure_features(Recogniser& model, const torch::Device& device, const std::vector<ClipRef>& clips,
                      std::uint64_t seed, BatchSource& source, ProcessGroup& group);

}  // namespace actrec
