#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "models/recogniser.h"
#include "models/state.h"

namespace actrec {

// What a checkpoint knows besides the weights: enough to evaluate and predict with nothing else at hand.
struct CheckpointInfo {
  Settings settings;
  std::vector<std::string> classes;
  PixelStatistics statistics;
  std::string split_method;
  std::string split_fingerprint;
  std::string leakage;  // verdict of the leakage audit; empty in checkpoints of earlier versions
  std::vector<std::int64_t> train_clips;  // of each class; empty in checkpoints of earlier versions
  double clip_seconds = 0;  // median length of the training clips; 0 in checkpoints of earlier versions
  int epoch = 0;            // completed epochs
  // Of that epoch: train_loss, val_top1, ...; empty for weights saved in the middle of one.
  std::map<std::string, double> metrics;
  double temperature = 1;  // logits are divided by it before softmax (engine/calibration.h)
  std::string version;     // of actrec
};

struct TensorSummary {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string dtype;
  std::int64_t elements = 0;
};

struct Checkpoint {
  CheckpointInfo info;
  std::shared_ptr<Recogniser> model;  // on the CPU, in evaluation mode
};

// A safetensors file with the model's parameters and buffers by name and `info` in its metadata, published
// atomically.
void save_checkpoint(const std::filesystem::path& path, const Recogniser& model, const CheckpointInfo& info);

// Rebuilds the model that `path` describes. Strict: every tensor must be there with its shape, and nothing
// else. Throws CheckpointError naming the file, listing every missing, extra and misshapen tensor.
Checkpoint load_checkpoint(const std::filesystem::path& path);

// The description of a checkpoint as a file's metadata, all but what kind of file it is; and back. Throws
// CheckpointError, naming `path`, where it is damaged or of another version.
std::map<std::string, std::string> describe_checkpoint(const CheckpointInfo& info);
CheckpointInfo parse_checkpoint_info(const std::filesystem::path& path,
                                     const std::map<std::string, std::string>& metadata);

// The model that `info` describes with the state `tensors`, on the CPU. Throws as load_checkpoint() does.
std::shared_ptr<Recogniser> rebuild_model(const std::filesystem::path& path, const CheckpointInfo& info,
                                          const NamedTensors& tensors);

// Only the description and the list of tensors, without building the model.
CheckpointInfo read_checkpoint_info(const std::filesystem::path& path, std::vector<TensorSummary>& tensors);
// Its epoch; 0 where there is no such file.
int checkpoint_epoch(const std::filesystem::path& path);

}  // namespace actrec
