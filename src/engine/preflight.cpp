#include "engine/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

#include "core/clock.h"
#include "core/error.h"
#include "core/free_space.h"
#include "core/stop_signal.h"
#include "core/system.h"
#include "core/text.h"
#include "data/loader.h"
#include "engine/initial_model.h"
#include "engine/resources.h"
#include "engine/schedule.h"
#include "engine/training_step.h"
#include "models/state.h"

namespace actrec {
namespace {

constexpr double kOverfitted = 0.05;  // of ln K

// Of training; the first that has clips which can be read.
Batch first_batch(const Settings& settings, const std::vector<ClipRef>& clips,
                  const std::shared_ptr<ClipPipeline>& pipeline, const torch::Device& device) {
  LoaderOptions options = loader_options(settings, plan_threads(settings), device);
  options.prefetch_bytes = 0;
  const std::vector<std::size_t> order = training_order(clips.size(), settings.train.seed, 0);
  const auto size = static_cast<std::size_t>(options.batch_size);
  Batch batch;
  for (std::size_t begin = 0; batch.indices.empty() && begin < order.size(); begin += size) {
    // On its own, so that nothing is read ahead, which may take long.
    std::vector<ClipRef> chosen;
    for (std::size_t i = begin; i < std::min(begin + size, order.size()); ++i)
      chosen.push_back(clips[order[i]]);
    Loader loader(pipeline, options);
    loader.start_training(chosen, settings.train.seed, 0);
    batch = loader.next();
  }
  return batch;
}

// Model, step and batch for a try that nothing depends on. What cannot be read, or is damaged, is for the
// training to tell: nothing gets into the frame cache here.
class Trial {
 public:
  Trial(Settings settings, const DataSplits& splits)
      : settings_(std::move(settings)), device_(resolve_device(settings_.device)) {
    // Measuring all pixels of the data set would take as long as an epoch.
    if (settings_.normalize.type == NormalizationType::dataset)
      settings_.normalize = NormalizationType::imagenet;
    const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings_, CacheUse::read);
    pipeline->bad_clips().expect("training", splits.train);
    batch_ = first_batch(settings_, splits.train, pipeline, device_);
    Loader loader(pipeline, {});  // nothing is measured
    ProcessGroup alone;
    InitialModel initial = make_initial_model(settings_, splits, loader, device_, alone);
    model_ = std::move(initial.model);
    model_->set_memory_format(initial.info.settings.train.memory_format);
    model_->set_precision(settings_.train.precision);
    model_->set_trainable(trainable_at(settings_.model.encoder, 0));
    model_->train();
    step_ = std::make_unique<TrainingStep>(model_, settings_,
                                           class_weights(settings_, initial.info.train_clips), device_);
  }

  // The loss; the device is done with it.
  double add_gradient() {
    if (stop_requested()) throw Interrupted();
    seed_step(settings_.train.seed, 0, 0);
    return step_->add_gradient(batch_).loss.item<double>();
  }
  TrainingStep& step() { return *step_; }
  Recogniser& model() { return *model_; }
  const Batch& batch() const { return batch_; }
  const torch::Device& device() const { return device_; }

 private:
  Settings settings_;
  torch::Device device_;
  Batch batch_;
  std::shared_ptr<Recogniser> model_;
  std::unique_ptr<TrainingStep> step_;
};

// Tensors the size of its parameters that the optimiser keeps.
int moments(const OptimizerSettings& optimizer) {
  if (optimizer.type != OptimizerType::sgd) return 2;
  return optimizer.momentum > 0 ? 1 : 0;
}

void look_at_gradients(const Recogniser& model, PreflightResult& result) {
  for (const auto& parameter : model.named_parameters()) {
    if (!parameter.value().requires_grad()) continue;
    ++result.tensors;
    const torch::Tensor& gradient = parameter.value().grad();
    // NaN is not zero, and is found by training itself.
    if (!gradient.defined() || gradient.eq(0).all().item<bool>())
      result.without_gradient.push_back(parameter.key());
  }
}

}  // namespace

PreflightResult preflight(const Settings& settings, const DataSplits& splits,
                          const std::filesystem::path& output) {
  PreflightResult result;
  Trial trial(settings, splits);
  result.uniform_loss = std::log(static_cast<double>(splits.classes.size()));
  result.loss = trial.add_gradient();  // LibTorch chooses and compiles its kernels
  look_at_gradients(trial.model(), result);
  const Clock::time_point start = Clock::now();
  trial.add_gradient();
  trial.step().update(0);
  result.step_seconds = seconds_since(start);

  double state = 0, learning = 0;  // bytes
  for (const auto& tensor : state_of(trial.model())) state += static_cast<double>(tensor.value().nbytes());
  for (const auto& parameter : trial.model().parameters())
    learning += static_cast<double>(parameter.nbytes());
  const int kept = moments(settings.train.optimizer);
  result.memory_bytes = peak_rss_mb() * 1024 * 1024 + settings.data.prefetch_mb * 1e6;
  result.memory_available = available_memory_bytes() + resident_bytes();
  // Best and last, the training state, and the largest of them once more while it is replaced.
  result.disk_bytes = 2 * state + 2 * (state + kept * learning);
  result.disk_available = free_disk_bytes(output);

  const auto batch_size = static_cast<std::size_t>(settings.train.batch_size);
  const auto batches = [&](std::size_t clips) { return (clips + batch_size - 1) / batch_size; };
  result.steps = static_cast<std::int64_t>(batches(splits.train.size()));
  // Forward alone is a third of a step.
  const double epoch =
      static_cast<double>(result.steps) + static_cast<double>(batches(splits.val.size())) / 3;
  result.seconds = settings.train.epochs * epoch * result.step_seconds;
  return result;
}

std::vector<std::string> warnings(const PreflightResult& result) {
  std::vector<std::string> found;
  if (!(result.loss < 2 * result.uniform_loss && result.loss > result.uniform_loss / 2)) {
    found.push_back(
        fmt::format("the loss of the first batch is {:.3f}, far from the {:.3f} (ln K) of a model that knows "
                    "nothing: look at "
                    "normalize, and at the weights that it starts from",
                    result.loss, result.uniform_loss));
  }
  if (!result.without_gradient.empty()) {
    found.push_back(
        fmt::format("no gradient reaches {}: they will not learn", join(result.without_gradient, ", ")));
  }
  if (result.memory_available > 0 && result.memory_bytes > result.memory_available) {
    found.push_back(fmt::format("training takes about {:.1f} GB of memory, and {:.1f} GB are available",
                                result.memory_bytes / 1e9, result.memory_available / 1e9));
  }
  if (result.disk_available > 0 && result.disk_bytes > result.disk_available) {
    found.push_back(fmt::format("checkpoints take about {:.2f} GB, and {:.2f} GB are free",
                                result.disk_bytes / 1e9, result.disk_available / 1e9));
  }
  return found;
}

OverfitResult overfit_batch(const Settings& settings, const DataSplits& splits, int clips, int max_steps) {
  Settings plain = settings;
  plain.augment.enabled = false;
  plain.model.dropout = 0;
  plain.model.temporal.dropout = 0;
  plain.model.temporal.input_dropout = 0;
  plain.model.encoder.unfreeze_epochs = 0;
  plain.train.label_smoothing = 0;
  plain.train.class_weights = ClassWeights::none;
  plain.train.optimizer.weight_decay = 0;
  plain.train.batch_size = clips;
  Trial trial(plain, splits);

  OverfitResult result;
  result.clips = trial.batch().clips.size(0);
  const double enough = kOverfitted * std::log(static_cast<double>(splits.classes.size()));
  while (true) {
    result.last_loss = trial.add_gradient();
    if (result.steps == 0) result.first_loss = result.last_loss;
    result.works = result.last_loss < enough;
    if (result.works || result.steps == max_steps || !std::isfinite(result.last_loss)) break;
    trial.step().update(plain.train.learning_rate);
    ++result.steps;
  }
  const torch::NoGradGuard no_grad;
  const torch::Tensor guesses =
      trial.model().forward(trial.batch().clips.to(trial.device())).argmax(1).to(torch::kCPU);
  result.top1 = guesses.eq(trial.batch().labels).to(torch::kFloat64).mean().item<double>();
  return result;
}

int batch_size_that_fits(const Settings& settings, const DataSplits& splits) {
  Settings smaller = settings;
  while (smaller.train.batch_size > 1) {
    smaller.train.batch_size /= 2;
    try {
      Trial trial(smaller, splits);
      trial.add_gradient();
      trial.step().update(0);
      return smaller.train.batch_size;
    } catch (const c10::Error&) {  // LibTorch's, for memory
    } catch (const std::bad_alloc&) {
    }
  }
  return 0;
}

}  // namespace actrec
