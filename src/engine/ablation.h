#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "data/clip_ref.h"
#include "engine/process_group.h"
#include "engine/results.h"
#include "models/recogniser.h"

// What of a clip a model needs: the same model gets less of the clip, or its frames in another order.

namespace actrec {

// Frame features [B, T, D] of clips as they are, and of the frames of the clips played backwards, in the
// original order of frames. Both are the same tensor where a frame looks the same in either direction.
struct ClipFeatures {
  torch::Tensor forwards, backwards;
};

// Whether a frame that the network sees differs when the clip is played backwards, so that the pixels have to
// be changed rather than the order of features: motion images know the direction of time.
bool direction_is_in_pixels(const ClipSettings& clip);

// Motion images, uint8 [N, T, H, W, 3], of the same frames in the clip played backwards: the differences
// (data/motion.h) in reverse order and with the other sign. Leaves the order of the images.
torch::Tensor turn_motion_images(const torch::Tensor& images);

// Collects what becomes of the predictions. Shuffling is a function of settings.train.seed and the clips'
// names.
class AblationMeter {
 public:
  AblationMeter(std::vector<std::string> classes, const Settings& settings);

  // Encodes clips of pixels, uint8 [B, T, H, W, 3], for add().
  ClipFeatures encode(Recogniser& model, const torch::Tensor& pixels) const;
  // Clips with features, and their logits [B, K] as the model gives them without any change. Does not wait
  // for the device: what the model makes of the changes is counted later.
  void add(Recogniser& model, const ClipFeatures& features, const std::vector<const ClipRef*>& clips,
           const torch::Tensor& logits);
  // Takes in what those of the other processes have collected.
  void add_up(ProcessGroup& group);
  // `train_clips` counts the training clips of each class; empty where that is not known.
  AblationResult result(const std::vector<std::int64_t>& train_clips);

 private:
  struct Count {
    std::int64_t hits = 0, lost = 0, gained = 0;
  };
  void count_added();
  InputTest test_of(const Count& count) const;
  torch::Tensor shuffle(const torch::Tensor& features, const std::vector<const ClipRef*>& clips) const;

  std::vector<std::string> classes_;
  std::uint64_t seed_;
  bool encodes_twice_;
  std::vector<torch::Tensor> logits_;  // not yet counted: [B, 5, K], of the clips as they are and changed
  std::vector<std::size_t> labels_;    // of the same clips
  std::int64_t clips_ = 0, hits_ = 0;  // hits: without any change
  std::vector<std::int64_t> clips_of_class_;
  Count single_frame_, mean_frame_, reversed_, shuffled_;
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> changes_;  // (before, reversed): clips
};

// That of several results together, which must have one each: every clip counts once a result.
AblationResult pool_ablations(const std::vector<EvaluationResult>& parts);

}  // namespace actrec
