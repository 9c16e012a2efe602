#include "engine/stream_predictor.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>

#include "core/bounded_queue.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "data/clip_pipeline.h"
#include "engine/predictor.h"
#include "engine/resources.h"

namespace actrec {
namespace {

constexpr std::size_t kWaiting = 4;  // images

struct Image {
  torch::Tensor pixels;  // uint8 [1, 1, H, W, 3]
  std::int64_t frame = 0;
  double time_seconds = 0;
  Clock::time_point arrived;
};

// Reads the stream in a thread of its own, and makes images of the frames that are taken.
class StreamReader {
 public:
  StreamReader(std::unique_ptr<VideoReader> video, std::shared_ptr<ClipPipeline> pipeline, bool drop_late,
               double distance_seconds, std::int64_t distance_frames)
      : video_(std::move(video)),
        pipeline_(std::move(pipeline)),
        drop_late_(drop_late),
        distance_seconds_(distance_seconds),
        distance_frames_(distance_frames),
        queue_(kWaiting) {
    thread_ = std::thread([this] {
      try {
        read();
        queue_.close();
      } catch (...) {
        queue_.fail(std::current_exception());
      }
    });
  }
  ~StreamReader() {
    queue_.cancel();
    thread_.join();
  }

  std::optional<Image> next() { return queue_.pop(); }
  std::int64_t frames() const { return frames_; }
  std::int64_t dropped() const { return dropped_; }
  double seconds() const { return seconds_; }

 private:
  void read() {
    FrameImages images = pipeline_->make_images();
    std::deque<Image> taken;  // without pixels yet
    while (!queue_.cancelled() && video_->grab()) {
      if (stop_requested()) throw Interrupted();
      const std::int64_t frame = frames_++;
      const double time = video_->time_seconds();
      seconds_ = time;
      if (is_taken(frame, time)) taken.push_back({{}, frame, time, Clock::now()});
      images.push(pipeline_->as_cached(video_->retrieve_reduced(working_size(pipeline_->settings()))));
      if (!send(images, taken)) return;
    }
    if (stop_requested()) throw Interrupted();
    if (frames_ == 0) throw DataError("the stream has no frame that can be decoded", "check that it plays");
    images.finish();
    send(images, taken);
  }

  bool is_taken(std::int64_t frame, double time) {
    constexpr double kSlack = 1e-3;  // time stamps may be rounded
    if (distance_seconds_ == 0) return frame % distance_frames_ == 0;
    if (time < next_time_ - kSlack) return false;
    // After a pause, from there on.
    next_time_ = std::max(next_time_ + distance_seconds_, time);
    return true;
  }

  // False where nobody takes images any more.
  bool send(const FrameImages& images, std::deque<Image>& taken) {
    const FrameSize size = pipeline_->settings().size;
    for (; !taken.empty() && taken.front().frame < images.ready(); taken.pop_front()) {
      Image image = std::move(taken.front());
      image.pixels = torch::empty({1, 1, size.height, size.width, 3}, torch::kUInt8);
      images.write(image.frame, 0, image.pixels.data_ptr<std::uint8_t>());
      if (drop_late_) {
        dropped_ += static_cast<std::int64_t>(queue_.push_dropping(std::move(image)));
      } else if (!queue_.push(std::move(image))) {
        return false;
      }
    }
    return true;
  }

  std::unique_ptr<VideoReader> video_;
  std::shared_ptr<ClipPipeline> pipeline_;
  bool drop_late_;
  double distance_seconds_;
  std::int64_t distance_frames_;
  double next_time_ = 0;
  std::atomic<std::int64_t> frames_{0}, dropped_{0};
  std::atomic<double> seconds_{0};
  BoundedQueue<Image> queue_;
  std::thread thread_;
};

double seconds_between_frames(const CheckpointInfo& info, double window_seconds) {
  const ClipSettings& clip = info.settings.clip;
  if (clip.sampling != Sampling::segment) return 0;
  const double window = window_seconds > 0 ? window_seconds : info.clip_seconds;
  if (window > 0) return window / clip.frames;
  throw ConfigError("--window: the checkpoint does not say how long the clips were that it was trained on",
                    "give --window SECONDS, about as long as one action");
}

}  // namespace

StreamSummary predict_stream(const Checkpoint& checkpoint, std::unique_ptr<VideoReader> video,
                             const StreamOptions& options,
                             const std::function<void(const StreamDecision&)>& on_decision) {
  const CheckpointInfo& info = checkpoint.info;
  if (!checkpoint.model->temporal().can_step()) {
    throw ConfigError(
        "--stream: the model reads clips backwards as well, so it must have all of one",
        "train with model.temporal.bidirectional=false, or use --timeline on the recorded video");
  }
  const ClipSettings& clip = info.settings.clip;
  const double distance = seconds_between_frames(info, options.window_seconds);
  const torch::Device device = resolve_device(info.settings.device);
  plan_threads(info.settings);
  checkpoint.model->to(device);
  torch::NoGradGuard no_grad;
  const auto start = Clock::now();
  StreamReader reader(std::move(video), make_pipeline(info.settings, CacheUse::none), options.drop_late,
                      distance, clip.sampling == Sampling::dense ? clip.stride : 1);
  TemporalState state;
  StreamSummary summary;
  const auto next = [&]() -> std::optional<Image> {
    try {
      return reader.next();
    } catch (const Interrupted&) {
      summary.interrupted = true;
      return std::nullopt;
    }
  };
  while (const std::optional<Image> image = next()) {
    const torch::Tensor features = checkpoint.model->encode(image->pixels.to(device));
    const torch::Tensor logits =
        checkpoint.model->classify_next(features, clip.frames, state).to(torch::kCPU).contiguous();
    StreamDecision decision;
    decision.frame = image->frame;
    decision.time_seconds = image->time_seconds;
    decision.top =
        most_probable(class_probabilities(info, logits.data_ptr<float>()), info.classes, options.top_k);
    decision.latency_seconds = seconds_since(image->arrived);
    decision.dropped = reader.dropped();
    on_decision(decision);
    ++summary.decisions;
    summary.latency_sum += decision.latency_seconds;
    summary.latency_max = std::max(summary.latency_max, decision.latency_seconds);
  }
  summary.frames = reader.frames();
  summary.dropped = reader.dropped();
  summary.video_seconds = reader.seconds();
  summary.seconds = seconds_since(start);
  return summary;
}

}  // namespace actrec
