#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <string>
#include <vector>

#include "data/clip_ref.h"
#include "engine/process_group.h"
#include "engine/results.h"

namespace actrec {

// What a model says of the clips of a list: of those that can be read, in the order of the list.
struct ClassifiedClips {
  torch::Tensor logits;              // float32 [N, K] on the CPU; undefined where N is 0
  std::vector<std::size_t> indices;  // in the list
};

// Those of the whole list, from those of each process's part, which is part_of() its shard; `classes` is K.
ClassifiedClips gather(const ClassifiedClips& part, const std::vector<ClipRef>& clips, std::size_t classes,
                       ProcessGroup& group);

// Figures and predictions.
EvaluationResult result_of(const ClassifiedClips& classified, const std::vector<ClipRef>& clips,
                           const std::vector<std::string>& classes);

}  // namespace actrec
