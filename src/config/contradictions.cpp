#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "config/config_file.h"
#include "core/text.h"

namespace actrec {
namespace {

bool is_device(const std::string& device) {
  static const std::regex pattern("auto|cpu|cuda(:[0-9]{1,4})?");
  return std::regex_match(device, pattern);
}

// std::regex calls itself for each level of a pattern: one without end would take the process down.
constexpr std::size_t kLongestPattern = 1000;

std::string regex_problem(const std::string& pattern) {
  if (pattern.size() > kLongestPattern) return fmt::format("is longer than {} bytes", kLongestPattern);
  try {
    const std::regex compiled(pattern, std::regex::ECMAScript);
    return compiled.mark_count() > 0 || pattern.empty() ? "" : "has no ( ) to capture the group with";
  } catch (const std::regex_error& error) {
    return fmt::format("is not a regular expression: {}", error.what());
  }
}

void check_split(const SplitSettings& split, std::vector<Contradiction>& found) {
  if (split.by == SplitBy::given && split.folds > 0) {
    found.push_back(
        {{"data.split.by", "data.split.folds"},
         "data.split.by: given keeps the given splits, but data.split.folds divides the clips anew"});
  }
  if (split.folds == 1) {
    found.push_back(
        {{"data.split.folds"}, "data.split.folds: 1 fold leaves nothing to train on; use 0 or at least 2"});
  }
  if (split.fold > 0 && split.fold >= split.folds) {
    found.push_back({{"data.split.fold", "data.split.folds"},
                     fmt::format("data.split.fold: {} must be below data.split.folds, which is {}",
                                 split.fold, split.folds)});
  }
  // 0.45 + 0.45 exceeds 0.9 in binary.
  if (split.val + split.test > 0.9 + 1e-9) {
    found.push_back(
        {{"data.split.val", "data.split.test"},
         fmt::format(
             "data.split.val {} and data.split.test {} leave less than a tenth of the clips to train on",
             split.val, split.test)});
  }
  const std::string problem = regex_problem(split.group_pattern);
  if (!problem.empty()) {
    found.push_back(
        {{"data.split.group_pattern"},
         fmt::format("data.split.group_pattern: '{}' {}", shorten(split.group_pattern), problem)});
  }
}

// SqueezeNet's convolutions and pooling leave nothing of fewer pixels.
constexpr int kSmallestSqueezeNetInput = 17;

void check_model(const ModelSettings& model, FrameSize size, std::vector<Contradiction>& found) {
  const EncoderSettings& encoder = model.encoder;
  if (encoder.type == EncoderType::squeezenet1_1 &&
      std::min(size.height, size.width) < kSmallestSqueezeNetInput) {
    found.push_back({{"clip.size", "model.encoder.type"},
                     fmt::format("clip.size: {}x{} is too small for model.encoder.type squeezenet1_1, which "
                                 "needs {} pixels a side",
                                 size.height, size.width, kSmallestSqueezeNetInput)});
  }
  if (encoder.type == EncoderType::small_cnn && encoder.channels.empty()) {
    found.push_back(
        {{"model.encoder.channels", "model.encoder.type"},
         "model.encoder.channels: is empty, but model.encoder.type small_cnn needs a block at least"});
  }
  if (encoder.type == EncoderType::torchscript && encoder.weights.empty()) {
    found.push_back(
        {{"model.encoder.weights", "model.encoder.type"},
         "model.encoder.weights: is empty, but model.encoder.type torchscript is the network in that "
         "file, which Python's torch.jit.save() writes"});
  }
  if (encoder.trainable.is_none() && encoder.unfreeze_epochs > 0) {
    found.push_back({{"model.encoder.trainable", "model.encoder.unfreeze_epochs"},
                     "model.encoder.trainable: none of the encoder learns, but model.encoder.unfreeze_epochs "
                     "would let it"});
  }
  const TemporalSettings& temporal = model.temporal;
  if (temporal.type != TemporalType::mean && temporal.dropout > 0 && temporal.layers == 1) {
    found.push_back(
        {{"model.temporal.dropout", "model.temporal.layers", "model.temporal.type"},
         fmt::format(
             "model.temporal.dropout: {} acts between stacked layers, but model.temporal.layers is 1; "
             "model.dropout acts before the classifier",
             temporal.dropout)});
  }
}

}  // namespace

std::vector<Contradiction> find_contradictions(const Settings& settings) {
  std::vector<Contradiction> found;
  if (!is_device(settings.device)) {
    found.push_back(
        {{"device"},
         fmt::format("device: '{}' must be auto, cpu, cuda or cuda:N", shorten(settings.device))});
  }
  check_split(settings.data.split, found);
  check_model(settings.model, settings.clip.size, found);
  const ClipSettings& clip = settings.clip;
  if (clip.decode_size > 0 && clip.decode_size < std::min(clip.size.height, clip.size.width)) {
    found.push_back({{"clip.decode_size", "clip.size"},
                     fmt::format("clip.decode_size: {} is smaller than the network's input, clip.size {}x{}",
                                 clip.decode_size, clip.size.height, clip.size.width)});
  }
  const TrainSettings& train = settings.train;
  if (train.schedule.warmup_epochs > train.epochs) {
    found.push_back({{"train.schedule.warmup_epochs", "train.epochs"},
                     fmt::format("train.schedule.warmup_epochs: {} is longer than train.epochs, which is {}",
                                 train.schedule.warmup_epochs, train.epochs)});
  }
  if (train.schedule.type == ScheduleType::plateau && train.early_stopping.monitor == Monitor::none) {
    found.push_back({{"train.schedule.type", "train.early_stopping.monitor"},
                     "train.schedule.type: plateau waits for the monitored value to improve, but "
                     "train.early_stopping.monitor is none"});
  }
  return found;
}

}  // namespace actrec
