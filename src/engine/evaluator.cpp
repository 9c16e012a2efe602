#include "engine/evaluator.h"

#include "core/error.h"
#include "core/stop_signal.h"
#include "data/loader.h"
#include "engine/metrics.h"
#include "engine/resources.h"

namespace actrec {
namespace {

constexpr std::size_t kFramesPerPiece = 64;

void stop_if_requested() {
  if (stop_requested()) throw Interrupted();
}

}  // namespace

EvaluationResult evaluate_clips(Recogniser& model, const torch::Device& device,
                                const std::vector<ClipRef>& clips, const std::vector<std::string>& classes,
                                BatchSource& loader, const Progress& progress) {
  torch::NoGradGuard no_grad;
  ClassificationMeter meter(classes);
  std::int64_t done = 0;
  if (clips.empty()) return meter.result();
  loader.start_evaluation(clips);
  for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next()) {
    stop_if_requested();
    const torch::Tensor logits = model.forward(batch.clips.to(device, true)).to(torch::kCPU).contiguous();
    for (std::int64_t i = 0; i < logits.size(0); ++i)
      meter.add(batch.labels[i].item<std::int64_t>(), logits[i].data_ptr<float>());
    done += logits.size(0);
    if (progress) progress(done, static_cast<std::int64_t>(clips.size()));
  }
  return meter.result();
}

EvaluationResult evaluate_whole_clips(Recogniser& model, const torch::Device& device,
                                      const std::vector<ClipRef>& clips,
                                      const std::vector<std::string>& classes, ClipPipeline& pipeline,
                                      const Progress& progress) {
  ClassificationMeter meter(classes);
  std::int64_t done = 0;
  for (const ClipRef& clip : clips) {
    stop_if_requested();
    meter.add(clip.label, classify_clip(model, device, clip, pipeline).logits.data_ptr<float>());
    if (progress) progress(++done, static_cast<std::int64_t>(clips.size()));
  }
  return meter.result();
}

EvaluationResult evaluate_checkpoint(const Checkpoint& checkpoint, const std::vector<ClipRef>& clips,
                                     CacheUse cache, const Progress& progress) {
  const Settings& settings = checkpoint.info.settings;
  const std::vector<std::string>& classes = checkpoint.info.classes;
  const torch::Device device = resolve_device(settings.device);
  const ThreadPlan threads = plan_threads(settings);
  checkpoint.model->to(device);
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings, cache);
  if (settings.clip.sampling == Sampling::all)
    return evaluate_whole_clips(*checkpoint.model, device, clips, classes, *pipeline, progress);
  Loader loader(pipeline, loader_options(settings, threads, device));
  return evaluate_clips(*checkpoint.model, device, clips, classes, loader, progress);
}

ClipLogits classify_clip(Recogniser& model, const torch::Device& device, const ClipRef& clip,
                         ClipPipeline& pipeline) {
  torch::NoGradGuard no_grad;
  const FrameSize size = pipeline.settings().size;
  const auto frame_bytes = static_cast<std::size_t>(pipeline.bytes_per_frame());
  std::vector<std::uint8_t> piece;
  std::vector<torch::Tensor> features;
  std::int64_t frames = 0;
  const auto encode_piece = [&] {
    const auto count = static_cast<std::int64_t>(piece.size() / frame_bytes);
    if (count == 0) return;
    const torch::Tensor pixels =
        torch::from_blob(piece.data(), {1, count, size.height, size.width, 3}, torch::kUInt8);
    features.push_back(model.encode(pixels.to(device)));
    frames += count;
    piece.clear();
  };
  pipeline.for_each_frame(clip, [&](const std::uint8_t* pixels) {
    piece.insert(piece.end(), pixels, pixels + frame_bytes);
    if (piece.size() == kFramesPerPiece * frame_bytes) encode_piece();
  });
  encode_piece();
  return {model.classify(torch::cat(features, 1)).flatten().to(torch::kCPU).contiguous(), frames};
}

}  // namespace actrec
