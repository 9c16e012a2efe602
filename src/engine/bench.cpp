#include "engine/bench.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <system_error>

#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "core/system.h"
#include "core/worker_pool.h"
#include "data/cache_fill.h"
#include "data/clip_time_limit.h"
#include "data/frame_decoder.h"
#include "engine/device_feed.h"
#include "engine/memory_format.h"
#include "engine/normalization.h"
#include "engine/resources.h"
#include "engine/trainer.h"
#include "engine/training_step.h"

namespace actrec {
namespace {

constexpr std::size_t kMinSteps = 24;   // of an epoch, so that its beginning and end do not count
constexpr std::size_t kMaxClips = 512;  // that are decoded and cached
constexpr double kSeconds = 6;          // for each measurement but training

void stop_if_requested() {
  if (stop_requested()) throw Interrupted();
}

// At most kMaxClips clips, evenly spread.
std::vector<ClipRef> some_of(const std::vector<ClipRef>& clips) {
  const std::size_t count = std::min(kMaxClips, clips.size());
  std::vector<ClipRef> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(clips[i * clips.size() / count]);
  return some;
}

// Enough of them for an epoch that can be measured: the list again and again. Each clip keeps its own name,
// because draws depend on it.
std::vector<ClipRef> epoch_of(const std::vector<ClipRef>& clips, int batch_size) {
  const std::size_t wanted = std::max(clips.size(), kMinSteps * static_cast<std::size_t>(batch_size));
  std::vector<ClipRef> epoch;
  for (std::size_t i = 0; i < wanted; ++i) {
    epoch.push_back(clips[i % clips.size()]);
    if (i >= clips.size()) epoch.back().name += fmt::format(" again {}", i / clips.size());
  }
  return epoch;
}

// Leaves out the clips that cannot be read, where data.bad_videos asks for it.
void drop_bad(std::vector<ClipRef>& clips, const std::shared_ptr<ClipPipeline>& pipeline, int threads,
              double timeout_seconds) {
  BadClips& bad_clips = pipeline->bad_clips();
  if (!bad_clips.skips()) return;
  bad_clips.expect("bench", clips);
  std::vector<std::optional<DataError>> errors(clips.size());
  parallel_for(threads, clips.size(), [&](std::size_t i) {
    stop_if_requested();
    try {
      read_within(timeout_seconds, clips[i], [pipeline, clip = clips[i]] {
        std::vector<std::uint8_t> pixels(static_cast<std::size_t>(pipeline->bytes_per_clip()));
        pipeline->load(clip, pixels.data());
      });
    } catch (const DataError& error) {
      errors[i] = error;
    }
  });
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (errors[i]) bad_clips.add(clips[i], *errors[i]);
  }
  clips.erase(std::remove_if(clips.begin(), clips.end(),
                             [&](const ClipRef& clip) { return bad_clips.contains(clip); }),
              clips.end());
}

double decode_rate(const std::vector<ClipRef>& clips, const Settings& settings, int threads) {
  const auto decoder = std::make_shared<FrameDecoder>(working_size(settings.clip));
  const auto frames = std::make_shared<std::atomic<std::int64_t>>(0);
  const Clock::time_point start = Clock::now();
  parallel_for(threads, clips.size(), [&](std::size_t i) {
    if (seconds_since(start) > kSeconds) return;
    read_within(settings.data.timeout_seconds, clips[i], [decoder, frames, clip = clips[i]] {
      decoder->decode_all(clip, [&](const cv::Mat&) { ++*frames; });
    });
  });
  return static_cast<double>(*frames) / seconds_since(start);
}

double load_rate(const std::vector<ClipRef>& clips, const std::shared_ptr<ClipPipeline>& pipeline,
                 const LoaderOptions& options, std::uint64_t seed) {
  Loader loader(pipeline, options);
  std::int64_t frames = 0;
  const Clock::time_point start = Clock::now();
  for (int epoch = 0; seconds_since(start) < kSeconds; ++epoch) {
    loader.start_training(clips, seed, epoch);
    for (Batch batch = loader.next(); batch.clips.defined() && seconds_since(start) < kSeconds;
         batch = loader.next()) {
      stop_if_requested();
      frames += batch.clips.size(0) * batch.clips.size(1);
    }
  }
  return static_cast<double>(frames) / seconds_since(start);
}

double compute_rate(const std::vector<ClipRef>& clips, const std::shared_ptr<ClipPipeline>& pipeline,
                    const Settings& settings, std::int64_t classes, const torch::Device& device) {
  LoaderOptions options;
  options.batch_size = settings.train.batch_size;
  options.change_later = settings.augment.on_device;
  Loader loader(pipeline, options);
  loader.start_training(clips, settings.train.seed, 0);
  const Batch batch = DeviceFeed(device).to_device(loader.next());
  const auto model =
      std::make_shared<Recogniser>(settings.model, settings.clip.size, classes,
                                   resolve_normalization(NormalizationType::imagenet, {}, {}, loader));
  model->set_memory_format(choose_memory_format(settings, device));
  model->set_precision(settings.train.precision);
  model->to(device);
  model->set_trainable(settings.model.encoder.trainable);
  TrainingStep step(model, settings, {}, device);
  const auto run = [&] {
    stop_if_requested();
    const StepOutcome outcome = step.add_gradient(batch);
    step.update(settings.train.learning_rate * 1e-3);
    return outcome.loss;
  };
  for (int i = 0; i < 3; ++i) run().item<float>();  // LibTorch chooses and compiles its kernels
  std::int64_t steps = 0;
  const Clock::time_point start = Clock::now();
  for (; seconds_since(start) < kSeconds; ++steps) run();
  run().item<float>();  // all steps before it are done
  return static_cast<double>((steps + 1) * batch.clips.size(0) * batch.clips.size(1)) / seconds_since(start);
}

class LastEpoch : public TrainingObserver {
 public:
  void on_epoch(const EpochResult& result) override { result_ = result; }
  const EpochResult& result() const { return result_; }

 private:
  EpochResult result_;
};

// A folder for a run that nobody wants, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "actrec-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw Error(
          fmt::format("cannot make a directory in {}: {}", std::filesystem::temp_directory_path().string(),
                      std::generic_category().message(errno)),
          "set TMPDIR to a directory that may be written to");
    }
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

EpochResult second_epoch(const std::vector<ClipRef>& clips, Settings settings, const DataSplits& splits) {
  settings.train.epochs = 2;
  settings.train.schedule.warmup_epochs = 0;
  settings.train.learning_rate *= 1e-3;  // speed is all that matters here, and nothing may diverge
  settings.normalize = NormalizationType::imagenet;
  DataSplits bench_splits = splits;
  bench_splits.train = clips;
  bench_splits.val.assign(clips.begin(), clips.begin() + 1);
  const ScratchDirectory scratch;
  LastEpoch last;
  const TrainingSummary summary = train(settings, bench_splits, scratch.path(), {&last});
  if (summary.reason == StopReason::interrupted) throw Interrupted();
  return last.result();
}

std::string explain(const BenchResult& result, const Settings& settings, const torch::Device& device) {
  const bool cached = settings.data.cache == CacheMode::raw || settings.data.cache == CacheMode::jpeg;
  if (result.compute_fps <= result.load_fps) {
    return fmt::format(
        "the training step limits: it takes {:.0f} frames/s, of {:.0f} that could be loaded; a smaller "
        "clip.size, "
        "clip.frames or model, or a faster device, would train faster",
        result.compute_fps, result.load_fps);
  }
  std::string advice = "more cores";
  if (!cached) {
    advice = "data.cache raw or jpeg, so that videos are decoded once";
  } else if (settings.data.cache == CacheMode::jpeg) {
    advice = "data.cache raw where there is room, a smaller clip.decode_size, or more cores";
  } else if (device.is_cuda() && !settings.augment.on_device) {
    advice = "augment.on_device, or more cores";
  }
  return fmt::format(
      "loading limits: {:.0f} frames/s, of {:.0f} that the training step could take; what helps is {}",
      result.load_fps, result.compute_fps, advice);
}

}  // namespace

BenchResult bench(const Settings& settings, const DataSplits& splits,
                  const std::function<void(const std::string& stage)>& progress) {
  const torch::Device device = resolve_device(settings.device);
  const ThreadPlan threads = plan_threads(settings);
  const int decoders = std::max(1, threads.workers);
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings, CacheUse::fill);
  std::vector<ClipRef> some = some_of(splits.train);
  drop_bad(some, pipeline, decoders, settings.data.timeout_seconds);
  const std::vector<ClipRef> epoch = epoch_of(some, settings.train.batch_size);

  BenchResult result;
  result.clips = static_cast<std::int64_t>(some.size());
  progress("decoding");
  result.decode_fps = decode_rate(some, settings, decoders);
  progress("filling the frame cache");
  const CacheFill fill = fill_cache(some, pipeline, decoders, settings.data.timeout_seconds);
  if (!fill.errors.empty()) throw DataError(fill.errors.front(), fill.hint);
  if (fill.cached > 0) result.bytes_per_clip = static_cast<std::int64_t>(fill.bytes) / fill.cached;
  progress("loading");
  result.load_fps =
      load_rate(epoch, pipeline, loader_options(settings, threads, device), settings.train.seed);
  progress("the training step");
  result.compute_fps =
      compute_rate(epoch, pipeline, settings, static_cast<std::int64_t>(splits.classes.size()), device);
  progress("training");
  const EpochResult training = second_epoch(epoch, settings, splits);
  result.train_fps = training.frames_per_second;
  result.data_wait_fraction = training.data_wait_fraction;
  result.peak_rss_mb = peak_rss_mb();
  result.gpu = training.gpu;
  result.limit = explain(result, settings, device);
  return result;
}

}  // namespace actrec
