#include "engine/trainer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <numeric>
#include <optional>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "core/stop_signal.h"
#include "core/system.h"
#include "data/frame_rate.h"
#include "data/loader.h"
#include "data/pixel_statistics.h"
#include "engine/calibration.h"
#include "engine/checkpoint.h"
#include "engine/evaluator.h"
#include "engine/feature_cache.h"
#include "engine/feature_loader.h"
#include "engine/feature_statistics.h"
#include "engine/memory_format.h"
#include "engine/normalization.h"
#include "engine/resources.h"
#include "engine/schedule.h"
#include "engine/training_step.h"
#include "models/encoder_weights.h"

namespace actrec {
namespace {

// Training clips of each class.
std::vector<std::int64_t> count_clips(const DataSplits& splits) {
  std::vector<std::int64_t> counts(splits.classes.size());
  for (const ClipRef& clip : splits.train) ++counts[static_cast<std::size_t>(clip.label)];
  return counts;
}

// Weight of each class in the loss, float32 [K]; undefined where all count the same.
torch::Tensor class_weights(const Settings& settings, const std::vector<std::int64_t>& counts) {
  if (settings.train.class_weights == ClassWeights::none) return {};
  const auto clips = static_cast<float>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  std::vector<float> weights;
  for (const std::int64_t count : counts)
    weights.push_back(clips / (static_cast<float>(counts.size()) * static_cast<float>(count)));
  return torch::tensor(weights);
}

// What of the encoder learns in an epoch: with gradual unfreezing (Howard & Ruder 2018) one more of its last
// stages after every so many epochs.
TrainableStages trainable_at(const EncoderSettings& encoder, int epoch) {
  if (encoder.unfreeze_epochs == 0) return encoder.trainable;
  const int stages = epoch / encoder.unfreeze_epochs;
  if (encoder.trainable.is_all()) return {stages};  // more than there are means all
  return {std::min(encoder.trainable.last, stages)};
}

// Sums over an epoch, kept on the device so that no step waits for it.
struct TrainMeter {
  torch::Tensor loss_sum, hits;
  std::int64_t clips = 0;
  double seconds = 0;
  double wait_seconds = 0;

  explicit TrainMeter(const torch::Device& device)
      : loss_sum(torch::zeros({}, torch::TensorOptions(torch::kFloat64).device(device))),
        hits(torch::zeros({}, torch::TensorOptions(torch::kInt64).device(device))) {}

  void add(const StepOutcome& outcome, std::int64_t batch_size) {
    loss_sum += outcome.loss * batch_size;
    hits += outcome.hits;
    clips += batch_size;
  }
  double loss() const { return loss_sum.item<double>() / static_cast<double>(clips); }
  double top1() const { return static_cast<double>(hits.item<std::int64_t>()) / static_cast<double>(clips); }
};

class Trainer {
 public:
  Trainer(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
          const std::vector<TrainingObserver*>& observers)
      : settings_(settings),
        splits_(splits),
        observers_(observers),
        device_(resolve_device(settings.device)),
        threads_(plan_threads(settings)),
        pipeline_(make_pipeline(settings, CacheUse::fill)),
        train_loader_(pipeline_, loader_options(settings, threads_, device_)),
        val_loader_(pipeline_, loader_options(settings, threads_, device_)),
        train_batches_(&train_loader_),
        val_batches_(&val_loader_) {
    pipeline_->bad_clips().expect("training", splits.train);
    pipeline_->bad_clips().expect("validation", splits.val);
    info_.settings = settings;
    info_.classes = splits.classes;
    std::optional<EncoderWeights> weights;
    if (!settings.model.encoder.weights.empty())
      weights = read_encoder_weights(settings.model.encoder.weights);
    info_.statistics = resolve_normalization(settings.normalize, weights ? weights->statistics : std::nullopt,
                                             splits.train, *pipeline_, std::max(1, threads_.workers));
    info_.split_method = splits.method;
    info_.split_fingerprint = splits.fingerprint;
    info_.leakage = splits.leakage;
    info_.train_clips = count_clips(splits);
    info_.clip_seconds = median_clip_seconds(splits.train);
    info_.version = ACTREC_VERSION;

    info_.settings.train.memory_format = choose_memory_format(settings, device_);
    torch::manual_seed(KeyedRandom(settings.train.seed, Purpose::initialize).next64());
    model_ = std::make_shared<Recogniser>(settings.model, settings.clip.size,
                                          static_cast<std::int64_t>(splits.classes.size()), info_.statistics);
    if (weights) {
      load_weights(*weights);
    } else if (settings.model.encoder.trainable.is_none()) {
      spdlog::warn(
          "model.encoder.trainable is none, but there are no weights: the encoder stays random; set "
          "model.encoder.weights");
    }
    model_->set_memory_format(info_.settings.train.memory_format);
    model_->to(device_);
    model_->set_trainable(trainable_at(settings.model.encoder, 0));
    keep_features();
    step_ =
        std::make_unique<TrainingStep>(model_, settings, class_weights(settings, info_.train_clips), device_);
    summary_.best_checkpoint = output / "best.safetensors";
    summary_.last_checkpoint = output / "last.safetensors";
  }

  TrainingSummary run() {
    start_ = Clock::now();
    try {
      if (model_->input().standardizes()) {
        measure_features(*model_, device_, splits_.train, settings_.train.seed, *train_batches_);
      }
      start_loading(0);
      for (int epoch = 0; epoch < settings_.train.epochs; ++epoch) {
        const Clock::time_point epoch_start = Clock::now();
        model_->set_trainable(trainable_at(settings_.model.encoder, epoch));
        const TrainMeter meter = train_epoch(epoch);
        start_loading(epoch + 1);  // while the model is validated
        model_->eval();
        const EvaluationResult val =
            evaluate_clips(*model_, device_, splits_.val, splits_.classes, *val_batches_);
        require_finite(val.loss, "validation", epoch);
        if (finish_epoch(epoch, meter, val, seconds_since(epoch_start)).stop) {
          summary_.reason = StopReason::early_stopping;
          break;
        }
      }
    } catch (const Interrupted&) {
      info_.metrics.clear();  // they were of other weights
      info_.temperature = 1;
      save_checkpoint(summary_.last_checkpoint, *model_, info_);
      summary_.reason = StopReason::interrupted;
    }
    summary_.seconds = seconds_since(start_);
    summary_.split = {"", splits_.method, splits_.fingerprint, splits_.leakage};
    summary_.skipped = skipped_clips(pipeline_->bad_clips());
    return summary_;
  }

 private:
  void start_loading(int epoch) {
    if (epoch < settings_.train.epochs)
      train_batches_->start_training(splits_.train, settings_.train.seed, epoch);
  }

  void load_weights(const EncoderWeights& weights) {
    const ModelSettings& model = settings_.model;
    spdlog::info("{}", load_encoder_weights(model_->encoder(), model.encoder, settings_.clip.size, weights));
    const std::string temporal =
        load_temporal_weights(model_->input(), model_->temporal(), model.temporal, weights);
    if (!temporal.empty()) spdlog::info("{}", temporal);
  }

  // Where the encoder stays as it is, the loaders give features of frames in place of pixels.
  void keep_features() {
    feature_cache_ = make_feature_cache(info_, *model_, device_);
    if (!feature_cache_) return;
    const auto features_of = [&](Loader& pixels) {
      return std::make_unique<FeatureLoader>(pixels, *feature_cache_, model_, device_,
                                             settings_.train.batch_size, settings_.train.feature_views);
    };
    train_features_ = features_of(train_loader_);
    val_features_ = features_of(val_loader_);
    train_batches_ = train_features_.get();
    val_batches_ = val_features_.get();
  }

  // The epoch's loading must have been started.
  TrainMeter train_epoch(int epoch) {
    const Clock::time_point start = Clock::now();
    model_->train();
    TrainMeter meter(device_);
    const auto batches = static_cast<std::int64_t>(train_batches_->batches());
    const std::int64_t accumulate = settings_.train.accumulate;
    const std::int64_t updates = (batches + accumulate - 1) / accumulate;  // optimiser steps an epoch

    for (std::int64_t step = 0; step < batches; ++step) {
      if (stop_requested()) throw Interrupted();
      const Batch batch = train_batches_->next();
      const std::int64_t group = std::min(accumulate, batches - step / accumulate * accumulate);
      const bool update = (step + 1) % accumulate == 0 || step + 1 == batches;
      // Dropout's draws are a function of the step alone.
      torch::manual_seed(KeyedRandom(settings_.train.seed, Purpose::dropout,
                                     static_cast<std::uint32_t>(epoch), static_cast<std::uint64_t>(step))
                             .next64());

      meter.add(step_->add_gradient(batch, 1.0 / static_cast<double>(group)), batch.labels.size(0));
      if (update) {
        learning_rate_ =
            learning_rate_at(settings_.train, epoch * updates + step / accumulate, updates, monitored_);
        step_->update(learning_rate_);
      }

      meter.seconds = seconds_since(start);
      meter.wait_seconds = train_batches_->wait_seconds();
      report_step(epoch, step + 1, batches, meter);
    }
    require_finite(meter.loss(), "training", epoch);
    meter.seconds = seconds_since(start);
    return meter;
  }

  static void require_finite(double loss, const char* which, int epoch) {
    if (std::isfinite(loss)) return;
    throw Error(fmt::format("the {} loss of epoch {} is not finite", which, epoch + 1),
                "lower train.learning_rate, or set a smaller train.optimizer.gradient_clip, such as 0.1");
  }

  double frames_per_second(const TrainMeter& meter) const {
    return static_cast<double>(meter.clips * settings_.clip.frames) / meter.seconds;
  }

  void report_step(int epoch, std::int64_t step, std::int64_t steps, const TrainMeter& meter) {
    const auto done = static_cast<double>(epoch * steps + step);
    const auto left = static_cast<double>(settings_.train.epochs * steps) - done;
    StepResult result{epoch + 1, settings_.train.epochs, step, steps};
    result.frames_per_second = frames_per_second(meter);
    result.data_wait_fraction = meter.wait_seconds / meter.seconds;
    result.seconds_left = seconds_since(start_) / done * left;
    for (TrainingObserver* observer : observers_) observer->on_step(result);
  }

  StoppingState finish_epoch(int epoch, const TrainMeter& meter, const EvaluationResult& val,
                             double seconds) {
    EpochResult result;
    result.epoch = epoch + 1;
    result.train_loss = meter.loss();
    result.train_top1 = meter.top1();
    result.val_loss = val.loss;
    result.val_top1 = val.top1;
    result.learning_rate = learning_rate_;
    result.seconds = seconds;
    result.frames_per_second = frames_per_second(meter);
    result.data_wait_fraction = meter.wait_seconds / meter.seconds;
    result.peak_rss_mb = peak_rss_mb();

    const EarlyStoppingSettings& stopping = settings_.train.early_stopping;
    monitored_.push_back(stopping.monitor == Monitor::val_loss ? val.loss : val.top1);
    const StoppingState state = stopping_state(stopping, monitored_);
    result.best = state.best_epoch == epoch;

    info_.epoch = epoch + 1;
    info_.metrics = {{"train_loss", result.train_loss},
                     {"train_top1", result.train_top1},
                     {"val_loss", result.val_loss},
                     {"val_top1", result.val_top1}};
    info_.temperature = fit_temperature(val.predictions);
    save_checkpoint(summary_.last_checkpoint, *model_, info_);
    if (result.best) {
      save_checkpoint(summary_.best_checkpoint, *model_, info_);
      summary_.best_epoch = epoch + 1;
      summary_.best = result;
    }
    summary_.epochs = epoch + 1;
    for (TrainingObserver* observer : observers_) {
      observer->on_epoch(result);
      if (result.best) observer->on_best_epoch(result, val);
    }
    return state;
  }

  const Settings& settings_;
  const DataSplits& splits_;
  const std::vector<TrainingObserver*>& observers_;
  torch::Device device_;
  ThreadPlan threads_;
  std::shared_ptr<ClipPipeline> pipeline_;
  Loader train_loader_, val_loader_;
  CheckpointInfo info_;
  std::shared_ptr<Recogniser> model_;
  std::unique_ptr<FeatureCache> feature_cache_;  // null: the loaders give pixels
  std::unique_ptr<FeatureLoader> train_features_, val_features_;
  BatchSource *train_batches_, *val_batches_;  // what the loop takes batches from
  std::unique_ptr<TrainingStep> step_;
  double learning_rate_ = 0;
  std::vector<double> monitored_;  // val_loss or val_top1 of each epoch
  Clock::time_point start_;
  TrainingSummary summary_;
};

}  // namespace

TrainingSummary train(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
                      const std::vector<TrainingObserver*>& observers) {
  if (settings.clip.sampling == Sampling::all) {
    throw ConfigError("clip.sampling: 'all' gives clips of different lengths, which training cannot batch",
                      "train with 'segment' or 'dense'; `predict` and `evaluate` can use --sampling all");
  }
  return Trainer(settings, splits, output, observers).run();
}

}  // namespace actrec
