#include "engine/predictor.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/stop_signal.h"
#include "data/clip_pipeline.h"
#include "engine/evaluator.h"
#include "engine/metrics.h"
#include "engine/resources.h"
#include "engine/test_views.h"

namespace actrec {
namespace {

std::vector<LabelProbability> most_probable(const torch::Tensor& logits,
                                            const std::vector<std::string>& classes, double temperature,
                                            int top_k) {
  const std::vector<double> probabilities = softmax(logits.data_ptr<float>(), classes.size(), temperature);
  std::vector<std::size_t> order(classes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return probabilities[a] > probabilities[b]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(top_k)));
  std::vector<LabelProbability> top;
  for (const std::size_t k : order) top.push_back({classes[k], probabilities[k]});
  return top;
}

ClipLogits classify(Recogniser& model, const Settings& settings, const torch::Device& device,
                    const ClipRef& clip, const std::shared_ptr<ClipPipeline>& pipeline) {
  const int views = settings.augment.test_views;
  if (views == 1 || settings.clip.sampling == Sampling::all)
    return classify_clip(model, device, clip, *pipeline);
  Loader loader(pipeline, LoaderOptions());
  return {average_views(model, device, {clip}, loader, views, {}).logits[0], settings.clip.frames};
}

}  // namespace

void predict(const Checkpoint& checkpoint, const std::vector<std::string>& inputs, int top_k,
             const std::function<void(const Prediction&)>& on_prediction) {
  const Settings& settings = checkpoint.info.settings;
  const torch::Device device = resolve_device(settings.device);
  plan_threads(settings);
  checkpoint.model->to(device);
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings, CacheUse::none);
  for (const std::string& input : inputs) {
    if (stop_requested()) throw Interrupted();
    ClipRef clip;
    clip.path = input;
    clip.name = input;
    Prediction prediction;
    prediction.input = input;
    try {
      const ClipLogits result = classify(*checkpoint.model, settings, device, clip, pipeline);
      prediction.frames = result.frames;
      prediction.top =
          most_probable(result.logits, checkpoint.info.classes, checkpoint.info.temperature, top_k);
    } catch (const DataError& error) {
      prediction.error = error.what();
      if (!error.hint().empty()) prediction.error += "; hint: " + error.hint();
    }
    on_prediction(prediction);
  }
}

}  // namespace actrec
