#include "engine/trainer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "data/loader.h"
#include "engine/calibration.h"
#include "engine/checkpoint.h"
#include "engine/evaluator.h"
#include "engine/feature_cache.h"
#include "engine/feature_loader.h"
#include "engine/feature_statistics.h"
#include "engine/initial_model.h"
#include "engine/replay.h"
#include "engine/resources.h"
#include "engine/run_changes.h"
#include "engine/schedule.h"
#include "engine/shared_bad_clips.h"
#include "engine/step_agreement.h"
#include "engine/train_meter.h"
#include "engine/training_progress.h"
#include "engine/training_step.h"
#include "engine/unchecked_updates.h"

namespace actrec {
namespace {

class Trainer {
 public:
  Trainer(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
          const std::vector<TrainingObserver*>& observers, ProcessGroup& group,
          std::optional<TrainingState> state)
      : group_(group),
        settings_(settings),
        splits_(splits),
        output_(output),
        observers_(observers),
        device_(resolve_device(settings.device)),
        threads_(plan_threads(settings)),
        gpu_(device_.is_cuda() ? device_.index() : -1),
        machine_(describe_machine(settings, device_, group.size())),
        clips_(list_clips(splits)),
        pipeline_(make_pipeline(settings, CacheUse::fill)),
        train_loader_(pipeline_, loader_options(settings, threads_, device_, group.shard())),
        val_loader_(pipeline_, loader_options(settings, threads_, device_)),
        train_batches_(&train_loader_),
        val_batches_(&val_loader_),
        resumes_(state.has_value()),
        unchecked_(device_) {
    pipeline_->bad_clips().expect("training", splits.train);
    pipeline_->bad_clips().expect("validation", splits.val);
    if (state) {
      take_model(*state);
    } else {
      InitialModel initial = make_initial_model(settings, splits, train_loader_, device_, group_);
      info_ = std::move(initial.info);
      model_ = std::move(initial.model);
    }
    model_->set_memory_format(info_.settings.train.memory_format);
    model_->set_precision(settings.train.precision);
    model_->set_trainable(trainable_at(settings.model.encoder, 0));
    keep_features();
    step_ = std::make_unique<TrainingStep>(model_, settings, class_weights(settings, info_.train_clips),
                                           device_, &group_);
    if (state) {
      step_->load_state(state->optimization, output_ / kResumeFile);
      position_ = std::move(state->position);
    }
    group_.broadcast(state_of(*model_).values());
    if (!group_.leads()) position_.meter.clear_sums();  // rank 0 has those of all
    position_.meter.loss_sum = position_.meter.loss_sum.to(device_);
    position_.meter.hits = position_.meter.hits.to(device_);
  }

  TrainingSummary run() {
    total_ = Stopwatch(position_.seconds);
    epoch_ = Stopwatch(position_.epoch_seconds);
    if (resumes_) {
      complete_best();
      for (TrainingObserver* observer : observers_) observer->on_resume(position_.epochs);
    } else if (model_->input().standardizes()) {
      measure_features(*model_, device_, splits_.train, settings_.train.seed, *train_batches_, group_);
    }
    saved_ = Clock::now();
    StopReason reason = StopReason::interrupted;
    try {
      if (!finished(settings_.train, position_.epochs)) start_loading(epochs(), position_.step);
      while (!finished(settings_.train, position_.epochs)) run_epoch();
      reason = *finished(settings_.train, position_.epochs);
    } catch (const Interrupted&) {
      save_interrupted();
    } catch (const DataError&) {  // comes between two steps, so that what has been learned can be kept
      if (epochs() > 0 && group_.alone()) save_state();
      throw;
    }
    if (!group_.alone()) {
      spdlog::info("processes: {:.1f} % of the time was spent waiting for the others",
                   100 * group_.waited_seconds() / total_.seconds());
    }
    return summary(reason);
  }

 private:
  int epochs() const { return static_cast<int>(position_.epochs.size()); }  // that are complete

  void take_model(const TrainingState& state) {
    const std::filesystem::path file = output_ / kResumeFile;
    info_ = state.info;
    info_.version = ACTREC_VERSION;
    info_.settings = settings_;
    const MemoryFormat format = state.info.settings.train.memory_format;
    if (settings_.train.memory_format == MemoryFormat::automatic) info_.settings.train.memory_format = format;
    model_ = rebuild_model(file, info_, state.model);
    model_->to(device_);
  }

  void start_loading(int epoch, std::int64_t first_batch = 0) {
    if (epoch >= settings_.train.epochs) return;
    train_batches_->resume_training(splits_.train, settings_.train.seed, epoch,
                                    static_cast<std::size_t>(first_batch));
  }

  // Where the encoder stays as it is, the loaders give features of frames in place of pixels.
  void keep_features() {
    feature_cache_ = make_feature_cache(info_, *model_, device_);
    if (!feature_cache_) return;
    const auto features_of = [&](Loader& pixels) {
      return std::make_unique<FeatureLoader>(pixels, *feature_cache_, model_, device_,
                                             settings_.train.batch_size, settings_.train.feature_views,
                                             group_);
    };
    train_features_ = features_of(train_loader_);
    val_features_ = features_of(val_loader_);
    train_batches_ = train_features_.get();
    val_batches_ = val_features_.get();
  }

  // The rest of an epoch, whose loading must have been started.
  void run_epoch() {
    model_->set_trainable(trainable_at(settings_.model.encoder, epochs()));
    train_epoch(epochs());
    start_loading(epochs() + 1);  // while the model is validated
    model_->eval();
    // Each process has statistics of batch normalisation of its own.
    group_.broadcast(model_->buffers());
    const EvaluationResult val =
        evaluate_clips_together(*model_, device_, splits_.val, splits_.classes, *val_batches_, group_);
    share_bad_clips(pipeline_->bad_clips(), group_);
    require_finite(val.loss, "validation");
    finish_epoch(val);
    epoch_ = Stopwatch();  // without the time that saving took
  }

  void train_epoch(int epoch) {
    model_->train();
    TrainMeter& meter = position_.meter;
    const std::vector<double> values = monitored_values(settings_.train.early_stopping, position_.epochs);
    const auto batches = static_cast<std::int64_t>(train_batches_->batches());
    const std::int64_t accumulate = settings_.train.accumulate;
    const std::int64_t updates = (batches + accumulate - 1) / accumulate;  // optimiser steps an epoch
    std::vector<std::size_t> clips;                                        // of the next update

    while (position_.step < batches) {
      const std::int64_t step = position_.step;
      const UpdateGroup group = update_group(step, batches, accumulate);
      if (group_.alone() && stop_requested()) throw Interrupted();
      const Batch batch = train_batches_->next();
      const StepAgreement own{step_->weight_of(batch), batch.labels.size(0), stop_requested(), save_is_due()};
      const StepAgreement all = own.with(group_);
      // Of an update that is half done each process has a gradient of its own, which no file holds.
      if (!group_.alone() && step == group.first) {
        if (all.stop) throw Interrupted();
        if (all.save) save_state();
      }
      clips.insert(clips.end(), batch.indices.begin(), batch.indices.end());
      seed_step(settings_.train.seed, epoch, step * group_.size() + group_.rank());

      const bool last = step + 1 == group.first + group.size;
      const double share = all.weight > 0 ? own.weight / all.weight : 0;
      if (all.clips > 0) {
        const StepOutcome outcome = step_->add_gradient(batch, share / static_cast<double>(group.size), last);
        meter.add(outcome, share, all.clips);
        // On a GPU, reading the loss waits for everything before it. Of several processes all see the
        // gradient that comes of it, but one alone the loss.
        const bool knows_loss = group_.alone() && device_.is_cpu();
        if (knows_loss && !std::isfinite(outcome.loss.item<double>())) stop_at(group, "loss", step, clips);
      }
      if (last) {
        position_.learning_rate =
            learning_rate_at(settings_.train, epoch * updates + step / accumulate, updates, values);
        if (step_->update(position_.learning_rate)) unchecked_.add(group, clips);
        clips.clear();
        if (unchecked_.are_due()) check_updates();
      }

      ++position_.step;
      meter.seconds = epoch_.seconds();
      meter.wait_seconds += train_batches_->wait_seconds() - waited_;
      waited_ = train_batches_->wait_seconds();
      report_step(batches);
      if (group_.alone() && save_is_due()) save_state();
    }
    check_updates();
    meter.add_up(group_);
    require_finite(meter.loss(), "training");
    meter.seconds = epoch_.seconds();
    waited_ = 0;
  }

  // Ends the training where the gradient of an update since the last check was not finite.
  void check_updates() {
    if (const auto failed = unchecked_.find_failed(*step_))
      stop_at(failed->group, "gradient", failed->group.first + failed->group.size - 1, failed->clips);
  }

  // Keeps the state before the update, in which all weights are finite, for `train --replay`. `step`: of the
  // epoch, from 0, in which it was seen.
  [[noreturn]] void stop_at(const UpdateGroup& group, const char* what, std::int64_t step,
                            const std::vector<std::size_t>& clips) {
    std::vector<std::string> names;
    for (const std::size_t clip : clips) names.push_back(splits_.train[clip].name);
    const std::filesystem::path file = output_ / kReplayFile;
    const Error error = not_finite(what, step + 1, epochs() + 1, std::move(names), file);
    position_.step = group.first;
    position_.meter = TrainMeter(device_);
    TrainingState before = state();
    if (group_.leads()) save_replay(file, std::move(before));
    throw error;
  }

  void require_finite(double loss, const char* which) const {
    if (std::isfinite(loss)) return;
    throw Error(fmt::format("the {} loss of epoch {} is not finite", which, epochs() + 1),
                "lower train.learning_rate, or set a smaller train.optimizer.gradient_clip, such as 0.1");
  }

  void report_step(std::int64_t steps) {
    gpu_.sample();
    StepResult result = step_result(settings_, position_, steps, total_.seconds());
    result.gpu = gpu_.use();
    for (TrainingObserver* observer : observers_) observer->on_step(result);
  }

  void finish_epoch(const EvaluationResult& val) {
    position_.epochs.push_back(epoch_result(settings_, position_, val, epoch_.seconds()));
    EpochResult& kept = position_.epochs.back();
    kept.gpu = gpu_.use();
    gpu_.reset();
    kept.best = best_epoch() == epochs();
    position_.step = 0;
    position_.meter = TrainMeter(device_);

    describe_last_epoch();
    info_.temperature = fit_temperature(val.predictions);
    save_model(kLastCheckpoint);
    epoch_ = Stopwatch();
    save_state();
    if (kept.best) save_model(kBestCheckpoint);
    for (TrainingObserver* observer : observers_) {
      observer->on_epoch(kept);
      if (kept.best && (best_epoch_may_stay() || epochs() == settings_.train.epochs))
        observer->on_best_epoch(kept, val);
    }
  }

  // Without a monitored value, each epoch is the best until the next one.
  bool best_epoch_may_stay() const { return settings_.train.early_stopping.monitor != Monitor::none; }

  int best_epoch() const { return actrec::best_epoch(settings_.train.early_stopping, position_.epochs); }

  void describe_last_epoch() {
    const EpochResult& last = position_.epochs.back();
    info_.epoch = last.epoch;
    info_.metrics = {{"train_loss", last.train_loss},
                     {"train_top1", last.train_top1},
                     {"val_loss", last.val_loss},
                     {"val_top1", last.val_top1}};
  }

  // The process may have ended before it wrote the best model, which is then the one in the state.
  void complete_best() {
    if (!group_.leads()) return;
    const std::filesystem::path file = output_ / kBestCheckpoint;
    const int best = best_epoch();
    if (best == 0 || checkpoint_epoch(file) == best) return;
    if (best != epochs() || position_.step > 0) {
      throw CheckpointError(
          fmt::format("{} is not there, or not of epoch {}, the best of the run", file.string(), best),
          "put back the file that belongs to the run, or begin a new run");
    }
    describe_last_epoch();
    save_model(kBestCheckpoint);
  }

  void save_model(const char* name) const {
    if (group_.leads()) save_checkpoint(output_ / name, *model_, info_);
  }

  // Of several processes, each must call it.
  TrainingState state() {
    position_.seconds = total_.seconds();
    position_.epoch_seconds = epoch_.seconds();
    TrainingState state;
    state.info = info_;
    state.machine = machine_;
    state.clips = clips_;
    state.position = position_;
    state.position.meter.add_up(group_);
    for (const auto& tensor : state_of(*model_)) state.model.emplace(tensor.key(), tensor.value());
    state.optimization = step_->state();
    return state;
  }

  void save_state() {
    check_updates();
    saved_ = Clock::now();
    const TrainingState complete = state();
    if (group_.leads()) save_training_state(output_ / kResumeFile, complete);
  }

  bool save_is_due() const {
    const double minutes = settings_.train.checkpoint_minutes;
    return minutes > 0 && seconds_since(saved_) >= 60 * minutes;
  }

  void save_interrupted() {
    save_state();
    if (position_.step == 0 && epochs() > 0) return;  // last.safetensors is of the epoch just completed
    info_.metrics.clear();                            // they were of other weights
    info_.temperature = 1;
    save_model(kLastCheckpoint);
  }

  TrainingSummary summary(StopReason reason) const {
    TrainingSummary summary;
    summary.reason = reason;
    summary.epochs = epochs();
    summary.best_epoch = best_epoch();
    if (summary.best_epoch > 0)
      summary.best = position_.epochs[static_cast<std::size_t>(summary.best_epoch) - 1];
    summary.seconds = total_.seconds();
    summary.best_checkpoint = output_ / kBestCheckpoint;
    summary.last_checkpoint = output_ / kLastCheckpoint;
    summary.split = {"", splits_.method, splits_.fingerprint, splits_.leakage, ""};
    summary.skipped = skipped_clips(pipeline_->bad_clips());
    return summary;
  }

  ProcessGroup& group_;
  const Settings& settings_;
  const DataSplits& splits_;
  const std::filesystem::path output_;
  const std::vector<TrainingObserver*>& observers_;
  torch::Device device_;
  ThreadPlan threads_;
  GpuMeter gpu_;
  std::map<std::string, std::string> machine_;
  std::string clips_;
  std::shared_ptr<ClipPipeline> pipeline_;
  Loader train_loader_, val_loader_;
  CheckpointInfo info_;
  std::shared_ptr<Recogniser> model_;
  std::unique_ptr<FeatureCache> feature_cache_;  // null: the loaders give pixels
  std::unique_ptr<FeatureLoader> train_features_, val_features_;
  BatchSource *train_batches_, *val_batches_;  // what the loop takes batches from
  std::unique_ptr<TrainingStep> step_;
  bool resumes_;
  TrainingPosition position_;
  UncheckedUpdates unchecked_;
  double waited_ = 0;  // for data, in this pass over the training clips
  Stopwatch total_, epoch_;
  Clock::time_point saved_;  // when the training state was
};

}  // namespace

TrainingSummary train(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
                      const std::vector<TrainingObserver*>& observers, ProcessGroup& group,
                      std::optional<TrainingState> state) {
  if (settings.clip.sampling == Sampling::all) {
    throw ConfigError("clip.sampling: 'all' gives clips of different lengths, which training cannot batch",
                      "train with 'segment' or 'dense'; `predict` and `evaluate` can use --sampling all");
  }
  return Trainer(settings, splits, output, observers, group, std::move(state)).run();
}

TrainingSummary train(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
                      const std::vector<TrainingObserver*>& observers, std::optional<TrainingState> state) {
  ProcessGroup alone;
  return train(settings, splits, output, observers, alone, std::move(state));
}

}  // namespace actrec
