#include "engine/replay.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/text.h"
#include "data/loader.h"
#include "engine/resources.h"
#include "engine/schedule.h"
#include "engine/training_step.h"

namespace actrec {
namespace {

constexpr std::size_t kClipsNamed = 16;  // in an error

bool all_finite(const torch::Tensor& tensor) {
  return !tensor.is_floating_point() || torch::isfinite(tensor).all().item<bool>();
}

}  // namespace

Error not_finite(const char* what, std::int64_t step, int epoch, std::vector<std::string> clips,
                 const std::filesystem::path& file) {
  if (clips.size() > kClipsNamed) {
    const std::size_t more = clips.size() - kClipsNamed;
    clips.resize(kClipsNamed);
    clips.push_back(fmt::format("and {} more", more));
  }
  return Error(fmt::format("the {} of step {} in epoch {} is not finite; its clips: {}", what, step, epoch,
                           join(clips, ", ")),
               fmt::format("`actrec train --replay {}` does the step again and looks into it; a lower "
                           "train.learning_rate or a smaller train.optimizer.gradient_clip may help",
                           file.string()));
}

void save_replay(const std::filesystem::path& file, TrainingState state) {
  auto& tensors = state.optimization;
  for (auto tensor = tensors.begin(); tensor != tensors.end();)
    tensor = TrainingStep::is_gradient(tensor->first) ? tensors.erase(tensor) : std::next(tensor);
  try {
    save_training_state(file, state);
  } catch (const Error& failure) {
    spdlog::warn("the step cannot be kept for a replay: {}", failure.what());
  }
}

bool ReplayResult::is_finite() const {
  return gradient_is_finite && std::all_of(batches.begin(), batches.end(),
                                           [](const auto& batch) { return std::isfinite(batch.loss); });
}

ReplayResult replay(const TrainingState& state, const DataSplits& splits, const std::filesystem::path& file) {
  const Settings& settings = state.info.settings;
  const torch::Device device = resolve_device(settings.device);
  const ThreadPlan threads = plan_threads(settings);
  const int epoch = static_cast<int>(state.position.epochs.size());
  const std::shared_ptr<Recogniser> model = rebuild_model(file, state.info, state.model);
  model->set_memory_format(settings.train.memory_format);
  model->set_precision(settings.train.precision);
  model->to(device);
  model->set_trainable(trainable_at(settings.model.encoder, epoch));
  model->train();
  TrainingStep step(model, settings, class_weights(settings, state.info.train_clips), device);
  step.load_state(state.optimization, file);

  ReplayResult result;
  result.epoch = epoch + 1;
  for (const auto& tensor : state_of(*model)) {
    if (!all_finite(tensor.value())) result.bad_weights.push_back(tensor.key());
  }
  Loader loader(make_pipeline(settings, CacheUse::fill), loader_options(settings, threads, device));
  loader.resume_training(splits.train, settings.train.seed, epoch,
                         static_cast<std::size_t>(state.position.step));
  const UpdateGroup group = update_group(state.position.step, static_cast<std::int64_t>(loader.batches()),
                                         settings.train.accumulate);
  for (std::int64_t i = state.position.step; i < group.first + group.size; ++i) {
    const Batch batch = loader.next();
    ReplayedBatch seen;
    seen.step = i + 1;
    for (const std::size_t index : batch.indices) seen.clips.push_back(splits.train[index].name);
    {
      const torch::NoGradGuard no_grad;
      seed_step(settings.train.seed, epoch, i);
      const torch::Tensor features = model->features_of(network_input(batch, device));
      const torch::Tensor logits = model->classify(features);
      seen.features_are_finite = all_finite(features);
      seen.logits_are_finite = all_finite(logits);
      const torch::Tensor losses =
          torch::nn::functional::cross_entropy(
              logits, batch.labels.to(device),
              torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone))
              .to(torch::kCPU);
      for (std::int64_t k = 0; k < losses.size(0); ++k) seen.losses.push_back(losses[k].item<double>());
    }
    seed_step(settings.train.seed, epoch, i);
    seen.loss = step.add_gradient(batch, 1.0 / static_cast<double>(group.size)).loss.item<double>();
    result.batches.push_back(std::move(seen));
  }
  double squares = 0;
  for (const auto& parameter : model->named_parameters()) {
    const torch::Tensor& gradient = parameter.value().grad();
    if (!gradient.defined()) continue;
    squares += gradient.to(torch::kFloat64).square().sum().item<double>();
    if (!all_finite(gradient)) result.bad_gradients.push_back(parameter.key());
  }
  result.gradient_norm = std::sqrt(squares);
  step.update(0);
  result.gradient_is_finite = step.failed_updates() == 0;
  return result;
}

}  // namespace actrec
