#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/clip_pipeline.h"
#include "data/input_list.h"
#include "engine/checkpoint.h"
#include "engine/results.h"

namespace actrec {

// The K probabilities that the model's logits stand for: the one place where prediction turns one into the
// other.
std::vector<double> class_probabilities(const CheckpointInfo& info, const float* logits);

// The top_k most probable classes, the most probable first; all of them where there are fewer.
std::vector<LabelProbability> most_probable(const std::vector<double>& probabilities,
                                            const std::vector<std::string>& classes, int top_k);

// What the model says of a clip: K probabilities, averaged over the test views, and how many frames it saw.
struct ClipProbabilities {
  std::vector<double> probabilities;
  std::int64_t frames = 0;
};

// Of one clip, with any sampling. Throws DataError where it cannot be read.
ClipProbabilities classify_input(const Checkpoint& checkpoint, const torch::Device& device,
                                 const ClipRef& clip, const std::shared_ptr<ClipPipeline>& pipeline);

// Classifies each input and passes the result on as soon as it is known, in order. Inputs are decoded by
// data.workers threads while others are classified (with Sampling::all one after another); memory does not
// grow with their number. An input that cannot be used gives a Prediction with its error and does not stop
// the rest. top_k is at least 1. Device, threads, sampling and test views are those of
// checkpoint.info.settings, which the caller may have changed; checkpoint.model is moved to the device.
// Throws ConfigError for a device that is not there, and Interrupted when the user asked to stop.
PredictionSummary predict(const Checkpoint& checkpoint, const std::vector<InputClip>& inputs, int top_k,
                          const std::function<void(const Prediction&)>& on_prediction);

}  // namespace actrec
