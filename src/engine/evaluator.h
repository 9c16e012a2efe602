#pragma once

#include <torch/torch.h>

#include <functional>
#include <string>
#include <vector>

#include "data/batch_source.h"
#include "data/clip_pipeline.h"
#include "engine/ablation.h"
#include "engine/checkpoint.h"
#include "engine/process_group.h"
#include "engine/results.h"
#include "models/recogniser.h"

namespace actrec {

// For results.
std::vector<SkippedClip> skipped_clips(const BadClips& bad_clips);

using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

// Runs the model, which must be on `device` and in evaluation mode, over labelled clips in batches of the
// loader. `progress` may be empty. With an `ablation` to collect in, the loader must give pixels. Throws
// DataError for a clip that cannot be read, and Interrupted when the user asked to stop.
EvaluationResult evaluate_clips(Recogniser& model, const torch::Device& device,
                                const std::vector<ClipRef>& clips, const std::vector<std::string>& classes,
                                BatchSource& loader, const Progress& progress = {},
                                AblationMeter* ablation = nullptr);

// The same by several processes, each of which runs the model over its part of the clips and gets the result
// of all. Does not throw Interrupted: they agree on stopping elsewhere.
EvaluationResult evaluate_clips_together(Recogniser& model, const torch::Device& device,
                                         const std::vector<ClipRef>& clips,
                                         const std::vector<std::string>& classes, BatchSource& loader,
                                         ProcessGroup& group);

// The same clip by clip, for Sampling::all, whose clips differ in length. A clip of which no frames come for
// longer than `timeout_seconds` cannot be read.
EvaluationResult evaluate_whole_clips(Recogniser& model, const torch::Device& device,
                                      const std::vector<ClipRef>& clips,
                                      const std::vector<std::string>& classes,
                                      const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds,
                                      const Progress& progress = {}, AblationMeter* ablation = nullptr);

// Evaluates a checkpoint with its own settings, on the device and with the threads that they name:
// probabilities are calibrated with its temperature, figures get intervals. Throws what the functions above
// throw, and ConfigError for a device that is not there.
enum class Ablation { none, all };
EvaluationResult evaluate_checkpoint(const Checkpoint& checkpoint, const std::vector<ClipRef>& clips,
                                     CacheUse cache, Ablation ablation, const Progress& progress = {});
// By several processes, each of which has the checkpoint, evaluates its part of the clips, of which alone
// `progress` hears, and gets the result of all.
EvaluationResult evaluate_checkpoint(const Checkpoint& checkpoint, const std::vector<ClipRef>& clips,
                                     CacheUse cache, Ablation ablation, ProcessGroup& group,
                                     const Progress& progress = {});

// Logits of one clip, float32 [K] on the CPU, and how many frames the network saw. Any sampling; long clips
// are decoded and encoded in pieces, so that memory grows with the features only. Throws DataError where no
// frames come for longer than `timeout_seconds`.
struct ClipLogits {
  torch::Tensor logits;
  std::int64_t frames = 0;
};
ClipLogits classify_clip(Recogniser& model, const torch::Device& device, const ClipRef& clip,
                         const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds);

}  // namespace actrec
