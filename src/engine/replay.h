#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/splits.h"
#include "engine/training_state.h"

namespace actrec {

// The training state before a step whose loss or gradient was not finite.
inline constexpr const char* kReplayFile = "replay.safetensors";

// What is said of such a step of the epoch, from 1: `what` is its loss or gradient, `clips` are the names of
// its clips, `file` is where the state is kept.
Error not_finite(const char* what, std::int64_t step, int epoch, std::vector<std::string> clips,
                 const std::filesystem::path& file);
// Keeps the state before that step, without gradients, for replay(). That it cannot be kept is a warning.
void save_replay(const std::filesystem::path& file, TrainingState state);

// One batch of a step that is done again.
struct ReplayedBatch {
  std::int64_t step = 0;           // within the epoch, from 1
  std::vector<std::string> clips;  // names
  std::vector<double> losses;      // cross-entropy of each clip, without smoothing or weights
  double loss = 0;                 // of the batch, as trained
  bool features_are_finite = true;
  bool logits_are_finite = true;
};

struct ReplayResult {
  int epoch = 0;                           // from 1
  std::vector<ReplayedBatch> batches;      // of one update
  double gradient_norm = 0;                // in float64, before clipping
  bool gradient_is_finite = true;          // in the arithmetic of training
  std::vector<std::string> bad_weights;    // parameters and buffers that were not finite before the step
  std::vector<std::string> bad_gradients;  // parameters whose gradient is not finite
  bool is_finite() const;
};

// Does the batches of the next update again, from `state`, which `file` names in messages, and looks into
// them. `splits` must be those of the run. Throws what training throws.
ReplayResult replay(const TrainingState& state, const DataSplits& splits, const std::filesystem::path& file);

}  // namespace actrec
