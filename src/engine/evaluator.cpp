#include "engine/evaluator.h"

#include <algorithm>

#include "core/error.h"
#include "core/stop_signal.h"
#include "engine/metrics.h"

namespace actrec {
namespace {

constexpr std::int64_t kFramesPerPiece = 64;

void stop_if_requested() {
  if (stop_requested()) throw Interrupted();
}

}  // namespace

EvaluationResult evaluate_clips(Recogniser& model, const torch::Device& device,
                                const std::vector<ClipRef>& clips, const std::vector<std::string>& classes,
                                ClipPipeline& pipeline, const LoaderOptions& options,
                                const Progress& progress) {
  torch::NoGradGuard no_grad;
  ClassificationMeter meter(classes);
  const auto total = static_cast<std::int64_t>(clips.size());
  std::int64_t done = 0;
  const auto count = [&](std::int64_t label, const float* logits) {
    meter.add(label, logits);
    ++done;
    if (progress) progress(done, total);
  };

  if (pipeline.settings().sampling == Sampling::all) {  // clips differ in length: one at a time
    for (const ClipRef& clip : clips) {
      stop_if_requested();
      const ClipLogits result = classify_clip(model, device, clip, pipeline);
      count(clip.label, result.logits.data_ptr<float>());
    }
    return meter.result();
  }
  Loader loader = Loader::evaluation(clips, pipeline, options);
  for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next()) {
    stop_if_requested();
    const torch::Tensor logits = model.forward(batch.clips.to(device, true)).to(torch::kCPU).contiguous();
    for (std::int64_t i = 0; i < logits.size(0); ++i) {
      count(batch.labels[i].item<std::int64_t>(), logits[i].data_ptr<float>());
    }
  }
  return meter.result();
}

ClipLogits classify_clip(Recogniser& model, const torch::Device& device, const ClipRef& clip,
                         ClipPipeline& pipeline) {
  torch::NoGradGuard no_grad;
  std::vector<std::uint8_t> pixels;
  const std::int64_t frames = pipeline.load_variable(clip, pixels);
  const FrameSize size = pipeline.settings().size;
  const torch::Tensor all =
      torch::from_blob(pixels.data(), {1, frames, size.height, size.width, 3}, torch::kUInt8);
  std::vector<torch::Tensor> features;
  for (std::int64_t first = 0; first < frames; first += kFramesPerPiece) {
    const std::int64_t count = std::min(kFramesPerPiece, frames - first);
    features.push_back(model.encode(all.narrow(1, first, count).to(device)));
  }
  return {model.classify(torch::cat(features, 1)).flatten().to(torch::kCPU).contiguous(), frames};
}

}  // namespace actrec
