#include "engine/predictor.h"

#include <algorithm>
#include <numeric>

#include "core/clock.h"
#include "core/error.h"
#include "core/error_text.h"
#include "core/stop_signal.h"
#include "data/clip_time_limit.h"
#include "engine/calibration.h"
#include "engine/evaluator.h"
#include "engine/metrics.h"
#include "engine/pixel_queue.h"
#include "engine/resources.h"

namespace actrec {
namespace {

// Frames that the network encodes at a time, about.
constexpr int kFramesAtATime = 64;

// Probabilities of clips, averaged over their views, uint8 [views, T, H, W, 3] each, and calibrated.
std::vector<std::vector<double>> average_over_views(const Checkpoint& checkpoint, const torch::Device& device,
                                                    const std::vector<torch::Tensor>& pixels) {
  torch::NoGradGuard no_grad;
  const std::int64_t views = pixels.front().size(0);
  std::vector<std::vector<double>> means(pixels.size(),
                                         std::vector<double>(checkpoint.info.classes.size(), 0));
  for (std::int64_t view = 0; view < views; ++view) {
    std::vector<torch::Tensor> clips;
    for (const torch::Tensor& one : pixels) clips.push_back(one[view]);
    const torch::Tensor logits =
        checkpoint.model->forward(torch::stack(clips).to(device)).to(torch::kCPU).contiguous();
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const auto probabilities =
          softmax(logits[static_cast<std::int64_t>(i)].data_ptr<float>(), means[i].size());
      for (std::size_t k = 0; k < probabilities.size(); ++k)
        means[i][k] += probabilities[k] / static_cast<double>(views);
    }
  }
  for (std::vector<double>& mean : means) mean = apply_temperature(mean, checkpoint.info.temperature);
  return means;
}

class Predictor {
 public:
  Predictor(const Checkpoint& checkpoint, int top_k)
      : checkpoint_(checkpoint),
        info_(checkpoint.info),
        top_k_(top_k),
        device_(resolve_device(info_.settings.device)),
        threads_(plan_threads(info_.settings)),
        pipeline_(make_pipeline(info_.settings, CacheUse::none)) {
    checkpoint_.model->to(device_);
  }

  PredictionSummary run(const std::vector<InputClip>& inputs,
                        const std::function<void(const Prediction&)>& on_prediction) {
    const auto start = Clock::now();
    if (info_.settings.clip.sampling == Sampling::all) {
      for (const InputClip& input : inputs) report(classify_whole(input), on_prediction);
    } else {
      classify_side_by_side(inputs, on_prediction);
    }
    const DecodedAmount decoded = pipeline_->decoded();
    summary_.frames = decoded.frames;
    summary_.video_seconds = decoded.seconds;
    summary_.seconds = seconds_since(start);
    return summary_;
  }

 private:
  void report(const Prediction& prediction, const std::function<void(const Prediction&)>& on_prediction) {
    ++summary_.inputs;
    if (!prediction.error.empty()) ++summary_.failed;
    on_prediction(prediction);
  }

  static Prediction begin_prediction(const InputClip& input) {
    Prediction prediction;
    prediction.input = input.clip.name;
    prediction.error = input.error;
    return prediction;
  }

  Prediction classify_whole(const InputClip& input) {
    if (stop_requested()) throw Interrupted();
    Prediction prediction = begin_prediction(input);
    if (!prediction.error.empty()) return prediction;
    try {
      const ClipProbabilities result = classify_input(checkpoint_, device_, input.clip, pipeline_);
      prediction.frames = result.frames;
      prediction.top = most_probable(result.probabilities, info_.classes, top_k_);
    } catch (const DataError& error) {
      prediction.error = describe(error);
    }
    return prediction;
  }

  void classify_side_by_side(const std::vector<InputClip>& inputs,
                             const std::function<void(const Prediction&)>& on_prediction) {
    PixelQueue queue(pipeline_, inputs, threads_.workers,
                     std::int64_t{info_.settings.data.prefetch_mb} * 1'000'000,
                     info_.settings.data.timeout_seconds);
    const std::size_t group =
        static_cast<std::size_t>(std::max(1, kFramesAtATime / info_.settings.clip.frames));
    for (std::size_t begin = 0; begin < inputs.size(); begin += group) {
      // Groups of fixed inputs, so that a run gives the same numbers every time.
      std::vector<Prediction> predictions;
      std::vector<torch::Tensor> pixels;
      for (std::size_t i = begin; i < std::min(begin + group, inputs.size()); ++i) {
        if (stop_requested()) throw Interrupted();
        LoadedClip loaded = queue.next();
        predictions.push_back(begin_prediction(inputs[i]));
        predictions.back().error = loaded.error;
        if (loaded.error.empty()) pixels.push_back(loaded.pixels);
      }
      fill_in(predictions, pixels);
      for (const Prediction& prediction : predictions) report(prediction, on_prediction);
    }
  }

  // `pixels`: of each prediction without error, uint8 [views, T, H, W, 3].
  void fill_in(std::vector<Prediction>& predictions, const std::vector<torch::Tensor>& pixels) {
    if (pixels.empty()) return;
    const auto probabilities = average_over_views(checkpoint_, device_, pixels);
    std::size_t next = 0;
    for (Prediction& prediction : predictions) {
      if (!prediction.error.empty()) continue;
      prediction.frames = info_.settings.clip.frames;
      prediction.top = most_probable(probabilities[next++], info_.classes, top_k_);
    }
  }

  const Checkpoint& checkpoint_;
  const CheckpointInfo& info_;
  int top_k_;
  torch::Device device_;
  ThreadPlan threads_;
  std::shared_ptr<ClipPipeline> pipeline_;
  PredictionSummary summary_;
};

}  // namespace

std::vector<double> class_probabilities(const CheckpointInfo& info, const float* logits) {
  return softmax(logits, info.classes.size(), info.temperature);
}

std::vector<LabelProbability> most_probable(const std::vector<double>& probabilities,
                                            const std::vector<std::string>& classes, int top_k) {
  std::vector<std::size_t> order(classes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return probabilities[a] > probabilities[b]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(top_k)));
  std::vector<LabelProbability> top;
  for (const std::size_t k : order) top.push_back({classes[k], probabilities[k]});
  return top;
}

ClipProbabilities classify_input(const Checkpoint& checkpoint, const torch::Device& device,
                                 const ClipRef& clip, const std::shared_ptr<ClipPipeline>& pipeline) {
  const ClipSettings& settings = pipeline->settings();
  const double timeout_seconds = checkpoint.info.settings.data.timeout_seconds;
  if (settings.sampling == Sampling::all) {
    const ClipLogits result = classify_clip(*checkpoint.model, device, clip, pipeline, timeout_seconds);
    return {class_probabilities(checkpoint.info, result.logits.data_ptr<float>()), result.frames};
  }
  const torch::Tensor pixels = torch::empty(
      {pipeline->test_views(), settings.frames, settings.size.height, settings.size.width, 3}, torch::kUInt8);
  read_within(timeout_seconds, clip,
              [=] { pipeline->load_test_views(clip, pixels.data_ptr<std::uint8_t>()); });
  return {average_over_views(checkpoint, device, {pixels}).front(), settings.frames};
}

PredictionSummary predict(const Checkpoint& checkpoint, const std::vector<InputClip>& inputs, int top_k,
                          const std::function<void(const Prediction&)>& on_prediction) {
  return Predictor(checkpoint, top_k).run(inputs, on_prediction);
}

}  // namespace actrec
