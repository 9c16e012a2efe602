#pragma once

#include <torch/torch.h>

#include <functional>
#include <string>
#include <vector>

#include "data/clip_pipeline.h"
#include "data/loader.h"
#include "engine/results.h"
#include "models/recogniser.h"

namespace actrec {

using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

// Runs the model over labelled clips in batches. `model` must be on `device` and in evaluation mode;
// `progress` may be empty. Throws DataError for a clip that cannot be read, and Interrupted when the user
// asked to stop.
EvaluationResult evaluate_clips(Recogniser& model, const torch::Device& device,
                                const std::vector<ClipRef>& clips, const std::vector<std::string>& classes,
                                ClipPipeline& pipeline, const LoaderOptions& options,
                                const Progress& progress = {});

// Logits of one clip, float32 [K] on the CPU, and how many frames the network saw. Any sampling; long clips
// are encoded in pieces, so that memory grows with the features only.
struct ClipLogits {
  torch::Tensor logits;
  std::int64_t frames = 0;
};
ClipLogits classify_clip(Recogniser& model, const torch::Device& device, const ClipRef& clip,
                         ClipPipeline& pipeline);

}  // namespace actrec
