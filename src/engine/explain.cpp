#include "engine/explain.h"

#include <algorithm>

#include "core/error.h"
#include "data/clip_pipeline.h"
#include "engine/predictor.h"
#include "models/encoder.h"

namespace actrec {
namespace {

// Grad-CAM of each frame for the most probable class: float32 [T, h, w], at least 0. `map`: [T, C, h, w],
// which `logit` was computed from.
torch::Tensor grad_cam(const torch::Tensor& logit, const torch::Tensor& map) {
  const torch::Tensor gradient = torch::autograd::grad({logit}, {map}).front();
  const torch::Tensor weights = gradient.mean({2, 3}, true);  // [T, C, 1, 1]
  return torch::relu((weights * map.detach()).sum(1));
}

cv::Mat matrix_of(const torch::Tensor& values) {
  const torch::Tensor rows = values.contiguous();
  return cv::Mat(static_cast<int>(rows.size(0)), static_cast<int>(rows.size(1)), CV_32F,
                 rows.data_ptr<float>())
      .clone();
}

}  // namespace

Explanation explain_clip(const Checkpoint& checkpoint, const ClipRef& clip) {
  const CheckpointInfo& info = checkpoint.info;
  Recogniser& model = *checkpoint.model;
  auto* const encoder = dynamic_cast<CnnEncoder*>(&model.encoder());
  if (encoder == nullptr) {
    throw ConfigError("--explain: the model's encoder has no feature map",
                      "it shows where a convolutional encoder looks: not dense, not torchscript");
  }
  if (info.settings.clip.sampling == Sampling::all) {
    throw ConfigError("--explain: clips need a fixed number of frames", "use --sampling segment or dense");
  }
  model.to(torch::kCPU);
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(info.settings, CacheUse::none);
  const ClipSettings& settings = info.settings.clip;
  const torch::Tensor pixels =
      torch::empty({settings.frames, settings.size.height, settings.size.width, 3}, torch::kUInt8);
  pipeline->load(clip, pixels.data_ptr<std::uint8_t>());

  torch::Tensor map;
  {
    torch::NoGradGuard no_grad;
    map = encoder->last_map(model.normalize(pixels));
  }
  map.requires_grad_();
  const torch::Tensor features = encoder->pool(map).unsqueeze(0);  // [1, T, D]
  const torch::Tensor logits = model.classify(features).flatten();
  const torch::Tensor cam = grad_cam(logits.max(), map);
  const float largest = std::max(cam.max().item<float>(), 1e-12F);
  const double total = std::max(cam.sum().item<double>(), 1e-12);

  torch::NoGradGuard no_grad;
  Explanation explanation;
  explanation.input = clip.name;
  explanation.classes = info.classes;
  for (std::int64_t i = 0; i < settings.frames; ++i) {
    ExplainedFrame frame;
    frame.image = cv::Mat(settings.size.height, settings.size.width, CV_8UC3, pixels[i].data_ptr()).clone();
    frame.evidence = matrix_of(cam[i] / largest);
    frame.share = cam[i].sum().item<double>() / total;
    const torch::Tensor so_far = model.classify(features.detach().narrow(1, 0, i + 1)).contiguous();
    frame.probabilities = class_probabilities(info, so_far.data_ptr<float>());
    explanation.frames.push_back(std::move(frame));
  }
  explanation.top = most_probable(explanation.frames.back().probabilities, info.classes,
                                  static_cast<int>(info.classes.size()));
  return explanation;
}

}  // namespace actrec
