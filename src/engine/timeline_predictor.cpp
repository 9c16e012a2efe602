#include "engine/timeline_predictor.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "core/clock.h"
#include "core/error.h"
#include "core/error_text.h"
#include "data/frame_rate.h"
#include "data/video_reader.h"
#include "engine/calibration.h"
#include "engine/frame_feed.h"
#include "engine/metrics.h"
#include "engine/predictor.h"
#include "engine/resources.h"

namespace actrec {
namespace {

// More threads than this do not make one video's decoding faster.
constexpr int kCodecThreads = 8;
constexpr std::size_t kWindowsAtATime = 64;

// Frame features of the video that later windows still need.
using FrameFeatures = std::map<std::int64_t, torch::Tensor>;  // [views, D] by frame

class TimelinePredictor {
 public:
  TimelinePredictor(const Checkpoint& checkpoint, int top_k, const TimelineOptions& options,
                    const VideoProgress& progress)
      : checkpoint_(checkpoint),
        info_(checkpoint.info),
        top_k_(top_k),
        options_(options),
        progress_(progress),
        device_(resolve_device(info_.settings.device)),
        threads_(plan_threads(info_.settings)),
        pipeline_(make_pipeline(info_.settings, CacheUse::none)) {
    checkpoint_.model->to(device_);
    const int wanted = info_.settings.augment.test_views;
    views_ = wanted > 1 && pipeline_->mirrors() ? 2 : 1;
    if (wanted > views_) {
      spdlog::warn("a timeline averages {}, not {} views",
                   views_ == 2 ? "the plain view and its mirror image" : "only the plain view", wanted);
    }
    if (info_.settings.augment.test_clips > 1)
      spdlog::warn("a timeline sees one temporal clip of each window, not {}",
                   info_.settings.augment.test_clips);
  }

  PredictionSummary run(const std::vector<InputClip>& inputs,
                        const std::function<void(const Prediction&)>& on_prediction) {
    const auto start = Clock::now();
    for (const InputClip& input : inputs) {
      Prediction prediction;
      prediction.input = input.clip.name;
      prediction.error = input.error;
      try {
        if (input.error.empty()) predict(input.clip, prediction);
      } catch (const DataError& error) {
        prediction = {};
        prediction.input = input.clip.name;
        prediction.error = describe(error);
      }
      ++summary_.inputs;
      if (!prediction.error.empty()) ++summary_.failed;
      on_prediction(prediction);
    }
    summary_.seconds = seconds_since(start);
    return summary_;
  }

 private:
  void predict(const ClipRef& clip, Prediction& prediction) {
    const double rate = nominal_frame_rate(clip.path);
    const WindowPlan plan(info_.settings.clip, rate, window_seconds(rate), options_.stride_seconds);
    spdlog::info("{}: windows of {:.2f} s every {:.2f} s", clip.name, plan.window_seconds(),
                 plan.stride_seconds());
    const double total = open_video(clip.path)->header().duration_seconds;
    const int codec_threads = std::clamp(threads_.workers, 1, kCodecThreads);
    TimelineBuilder builder(info_.classes, options_);
    FrameFeatures features;
    FrameFeed feed(clip, pipeline_, plan, 1 / rate, views_, codec_threads,
                   info_.settings.data.timeout_seconds);
    bool any = false;
    double seconds = 0;
    std::int64_t decoded = 0;
    while (std::optional<FeedBatch> batch = feed.next()) {
      encode(*batch, features);
      prediction.frames += static_cast<std::int64_t>(batch->frames.size());
      any = any || !batch->windows.empty();
      classify(batch->windows, features, builder);
      features.erase(features.begin(), features.lower_bound(batch->oldest_needed));
      seconds = batch->seconds;
      decoded = batch->decoded;
      if (progress_) progress_(seconds, total);
    }
    summary_.frames += decoded;
    summary_.video_seconds += seconds;
    if (!any) {
      const ClipProbabilities whole = classify_input(checkpoint_, device_, clip, pipeline_);
      prediction.frames = whole.frames;
      builder.add(seconds / 2, whole.probabilities);
    }
    prediction.timeline = builder.finish(seconds);
    prediction.top = most_probable(builder.mean(), info_.classes, top_k_);
    pipeline_->forget(clip);
  }

  double window_seconds(double rate) const {
    if (options_.window_seconds > 0) return options_.window_seconds;
    const ClipSettings& clip = info_.settings.clip;
    if (clip.sampling == Sampling::dense) return ((clip.frames - 1) * clip.stride + 1) / rate;
    if (info_.clip_seconds > 0) return info_.clip_seconds;
    throw ConfigError("--window: the checkpoint does not say how long the clips were that it was trained on",
                      "give --window SECONDS, about as long as one action");
  }

  void encode(const FeedBatch& batch, FrameFeatures& features) {
    if (batch.frames.empty()) return;
    torch::NoGradGuard no_grad;
    const torch::Tensor encoded = checkpoint_.model->encode(batch.pixels.to(device_));  // [views, N, D]
    for (std::size_t i = 0; i < batch.frames.size(); ++i)
      features[batch.frames[i]] = encoded.select(1, static_cast<std::int64_t>(i));
  }

  void classify(const std::vector<Window>& windows, const FrameFeatures& features, TimelineBuilder& builder) {
    torch::NoGradGuard no_grad;
    for (std::size_t begin = 0; begin < windows.size();) {
      // Windows of one length; only the video's last ones are shorter.
      std::vector<torch::Tensor> inputs;
      std::size_t end = begin;
      for (; end < windows.size() && end - begin < kWindowsAtATime &&
             windows[end].frames.size() == windows[begin].frames.size();
           ++end) {
        std::vector<torch::Tensor> frames;
        for (const std::int64_t frame : windows[end].frames) frames.push_back(features.at(frame));
        inputs.push_back(torch::stack(frames, 1));  // [views, T, D]
      }
      const torch::Tensor logits = checkpoint_.model->classify(torch::cat(inputs))
                                       .to(torch::kCPU)
                                       .contiguous();  // [windows * views, K]
      for (std::size_t i = begin; i < end; ++i) {
        std::vector<double> mean(info_.classes.size(), 0);
        for (int view = 0; view < views_; ++view) {
          const auto row = static_cast<std::int64_t>(i - begin) * views_ + view;
          const auto probabilities = softmax(logits[row].data_ptr<float>(), mean.size());
          for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += probabilities[k] / views_;
        }
        builder.add((windows[i].begin_seconds + windows[i].end_seconds) / 2,
                    apply_temperature(mean, info_.temperature));
      }
      begin = end;
    }
  }

  const Checkpoint& checkpoint_;
  const CheckpointInfo& info_;
  int top_k_;
  TimelineOptions options_;
  VideoProgress progress_;
  torch::Device device_;
  ThreadPlan threads_;
  std::shared_ptr<ClipPipeline> pipeline_;
  int views_ = 1;
  PredictionSummary summary_;
};

}  // namespace

PredictionSummary predict_timelines(const Checkpoint& checkpoint, const std::vector<InputClip>& inputs,
                                    int top_k, const TimelineOptions& options,
                                    const std::function<void(const Prediction&)>& on_prediction,
                                    const VideoProgress& progress) {
  return TimelinePredictor(checkpoint, top_k, options, progress).run(inputs, on_prediction);
}

}  // namespace actrec
