#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/results.h"
#include "engine/train_meter.h"
#include "models/state.h"

namespace actrec {

// Where training stands between two steps.
struct TrainingPosition {
  std::vector<EpochResult> epochs;  // that are complete
  std::int64_t step = 0;            // batches of the epoch after them that are done
  TrainMeter meter;                 // over these batches
  double learning_rate = 0;         // of the last update
  double seconds = 0;               // of training so far
  double epoch_seconds = 0;         // of the epoch that is not complete
};

// Everything that the rest of a training run depends on, so that it goes on as if it had never stopped, to
// the last bit. There is no random state: every draw is a function of seed, epoch, and step or clip.
struct TrainingState {
  CheckpointInfo info;                         // settings with nothing left `auto` but the device
  std::map<std::string, std::string> machine;  // what the bits of results depend on, see describe_machine()
  std::string clips;                           // the data set, see list_clips()
  TrainingPosition position;
  NamedTensors model;         // parameters and buffers
  NamedTensors optimization;  // see TrainingStep::state()
};

// A safetensors file, published atomically.
void save_training_state(const std::filesystem::path& path, const TrainingState& state);

// Throws CheckpointError naming the file where it is damaged, of another kind, or of another version. Whether
// the tensors fit the model is seen when they are loaded into it.
TrainingState read_training_state(const std::filesystem::path& path);

}  // namespace actrec
