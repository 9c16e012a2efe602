#include "engine/initial_model.h"

#include <spdlog/spdlog.h>

#include <optional>

#include "core/random.h"
#include "data/frame_rate.h"
#include "data/pixel_statistics.h"
#include "engine/memory_format.h"
#include "engine/normalization.h"
#include "models/encoder_weights.h"

namespace actrec {
namespace {

// Training clips of each class.
std::vector<std::int64_t> count_clips(const DataSplits& splits) {
  std::vector<std::int64_t> counts(splits.classes.size());
  for (const ClipRef& clip : splits.train) ++counts[static_cast<std::size_t>(clip.label)];
  return counts;
}

void load_weights(Recogniser& model, const Settings& settings, const EncoderWeights& weights) {
  const ModelSettings& parts = settings.model;
  spdlog::info("{}", load_encoder_weights(model.encoder(), parts.encoder, settings.clip.size, weights));
  const std::string temporal =
      load_temporal_weights(model.input(), model.temporal(), parts.temporal, weights);
  if (!temporal.empty()) spdlog::info("{}", temporal);
}

}  // namespace

InitialModel make_initial_model(const Settings& settings, const DataSplits& splits, BatchSource& batches,
                                const torch::Device& device, ProcessGroup& group) {
  InitialModel initial;
  CheckpointInfo& info = initial.info;
  std::optional<EncoderWeights> weights;
  if (!settings.model.encoder.weights.empty()) weights = read_encoder_weights(settings.model.encoder.weights);
  info.settings = settings;
  info.classes = splits.classes;
  info.statistics = resolve_normalization(settings.normalize, weights ? weights->statistics : std::nullopt,
                                          splits.train, batches);
  info.split_method = splits.method;
  info.split_fingerprint = splits.fingerprint;
  info.leakage = splits.leakage;
  info.train_clips = count_clips(splits);
  info.clip_seconds = median_clip_seconds(splits.train);
  info.version = ACTREC_VERSION;
  info.settings.train.memory_format = choose_memory_format(settings, device, group);

  torch::manual_seed(KeyedRandom(settings.train.seed, Purpose::initialize).next64());
  initial.model = std::make_shared<Recogniser>(
      settings.model, settings.clip.size, static_cast<std::int64_t>(splits.classes.size()), info.statistics);
  if (weights) {
    load_weights(*initial.model, settings, *weights);
  } else if (settings.model.encoder.trainable.is_none()) {
    spdlog::warn(
        "model.encoder.trainable is none, but there are no weights: the encoder stays random; set "
        "model.encoder.weights");
  }
  initial.model->to(device);
  return initial;
}

}  // namespace actrec
