#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "config/config_file.h"

namespace actrec {
namespace {

bool is_device(const std::string& device) {
  static const std::regex pattern("auto|cpu|cuda(:[0-9]{1,4})?");
  return std::regex_match(device, pattern);
}

std::string regex_problem(const std::string& pattern) {
  try {
    const std::regex compiled(pattern, std::regex::ECMAScript);
    return compiled.mark_count() > 0 || pattern.empty() ? "" : "has no ( ) to capture the group with";
  } catch (const std::regex_error& error) {
    return fmt::format("is not a regular expression: {}", error.what());
  }
}

void check_split(const SplitSettings& split, std::vector<std::string>& found) {
  if (split.folds == 1)
    found.push_back("data.split.folds: 1 fold leaves nothing to train on; use 0 or at least 2");
  if (split.folds > 1 && split.fold >= split.folds) {
    found.push_back(fmt::format("data.split.fold: {} must be below data.split.folds, which is {}", split.fold,
                                split.folds));
  }
  // 0.45 + 0.45 exceeds 0.9 in binary.
  if (split.val + split.test > 0.9 + 1e-9) {
    found.push_back(fmt::format(
        "data.split.val {} and data.split.test {} leave less than a tenth of the clips to train on",
        split.val, split.test));
  }
  const std::string problem = regex_problem(split.group_pattern);
  if (!problem.empty()) {
    found.push_back(fmt::format("data.split.group_pattern: '{}' {}", split.group_pattern, problem));
  }
}

}  // namespace

std::vector<std::string> find_contradictions(const Settings& settings) {
  std::vector<std::string> found;
  if (!is_device(settings.device)) {
    found.push_back(fmt::format("device: '{}' must be auto, cpu, cuda or cuda:N", settings.device));
  }
  check_split(settings.data.split, found);
  const EncoderSettings& encoder = settings.model.encoder;
  if (encoder.type == EncoderType::small_cnn && encoder.channels.empty()) {
    found.push_back(
        "model.encoder.channels: is empty, but model.encoder.type small_cnn needs a block at least");
  }
  const TemporalSettings& temporal = settings.model.temporal;
  if (temporal.type != TemporalType::mean && temporal.dropout > 0 && temporal.layers == 1) {
    found.push_back(
        fmt::format("model.temporal.dropout: {} acts between stacked layers, but model.temporal.layers is 1; "
                    "model.dropout acts before the classifier",
                    temporal.dropout));
  }
  const TrainSettings& train = settings.train;
  if (train.schedule.warmup_epochs > train.epochs) {
    found.push_back(fmt::format("train.schedule.warmup_epochs: {} is longer than train.epochs, which is {}",
                                train.schedule.warmup_epochs, train.epochs));
  }
  return found;
}

}  // namespace actrec
