#include "engine/evaluator.h"

#include "core/error.h"
#include "core/stop_signal.h"
#include "data/loader.h"
#include "engine/bootstrap.h"
#include "engine/calibration.h"
#include "engine/metrics.h"
#include "engine/resources.h"
#include "engine/test_views.h"
#include "engine/whole_clip.h"

namespace actrec {
namespace {

void stop_if_requested() {
  if (stop_requested()) throw Interrupted();
}

// The same as classify_clip() with the features that the logits come from.
torch::Tensor classify_and_ablate(Recogniser& model, const torch::Device& device, const ClipRef& clip,
                                  const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds,
                                  AblationMeter& ablation) {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> forwards, backwards;
  for_each_piece(clip, pipeline, timeout_seconds, [&](const torch::Tensor& pixels) {
    const ClipFeatures features = ablation.encode(model, pixels.to(device));
    forwards.push_back(features.forwards);
    backwards.push_back(features.backwards);
  });
  const ClipFeatures features{torch::cat(forwards, 1), torch::cat(backwards, 1)};
  const torch::Tensor logits = model.classify(features.forwards).to(torch::kCPU).contiguous();
  ablation.add(model, features, {&clip}, logits);
  return logits.flatten();
}

using Indices = std::vector<std::size_t>;  // of clips

// The meter's result with the names of the clips, which are given in the order in which they were added.
EvaluationResult result_of(const ClassificationMeter& meter, const std::vector<ClipRef>& clips,
                           const Indices& added) {
  EvaluationResult result = meter.result();
  for (std::size_t i = 0; i < added.size(); ++i) {
    result.predictions[i].name = clips[added[i]].name;
    result.predictions[i].group = clips[added[i]].group;
  }
  return result;
}

// `logits`: float32 [N, K] on the CPU, of the clips `indices`.
EvaluationResult metrics_of(const torch::Tensor& logits, const Indices& indices,
                            const std::vector<ClipRef>& clips, const std::vector<std::string>& classes) {
  ClassificationMeter meter(classes);
  for (std::size_t i = 0; i < indices.size(); ++i)
    meter.add(clips[indices[i]].label, logits[static_cast<std::int64_t>(i)].data_ptr<float>());
  return result_of(meter, clips, indices);
}

}  // namespace

std::vector<SkippedClip> skipped_clips(const BadClips& bad_clips) {
  std::vector<SkippedClip> skipped;
  for (const BadClip& bad : bad_clips.list()) skipped.push_back({bad.name, bad.reason});
  return skipped;
}

EvaluationResult evaluate_clips(Recogniser& model, const torch::Device& device,
                                const std::vector<ClipRef>& clips, const std::vector<std::string>& classes,
                                BatchSource& loader, const Progress& progress, AblationMeter* ablation) {
  torch::NoGradGuard no_grad;
  ClassificationMeter meter(classes);
  Indices added;
  std::int64_t done = 0;
  if (clips.empty()) return meter.result();
  loader.start_evaluation(clips);
  for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next()) {
    stop_if_requested();
    if (batch.indices.empty()) continue;
    const torch::Tensor input = batch.clips.to(device, true);
    const ClipFeatures features =
        ablation != nullptr ? ablation->encode(model, input) : ClipFeatures{model.features_of(input), {}};
    const torch::Tensor logits = model.classify(features.forwards).to(torch::kCPU).contiguous();
    for (std::int64_t i = 0; i < logits.size(0); ++i)
      meter.add(batch.labels[i].item<std::int64_t>(), logits[i].data_ptr<float>());
    added.insert(added.end(), batch.indices.begin(), batch.indices.end());
    if (ablation != nullptr) {
      std::vector<const ClipRef*> of_batch;
      for (const std::size_t index : batch.indices) of_batch.push_back(&clips[index]);
      ablation->add(model, features, of_batch, logits);
    }
    done += logits.size(0);
    if (progress) progress(done, static_cast<std::int64_t>(clips.size()));
  }
  return result_of(meter, clips, added);
}

EvaluationResult evaluate_clips_together(Recogniser& model, const torch::Device& device,
                                         const std::vector<ClipRef>& clips,
                                         const std::vector<std::string>& classes, BatchSource& loader,
                                         ProcessGroup& group) {
  if (group.alone()) return evaluate_clips(model, device, clips, classes, loader);
  const torch::NoGradGuard no_grad;
  const Shard shard{group.rank(), group.size()};
  const std::size_t begin = shard.begin(clips.size()), end = shard.end(clips.size());
  const std::vector<ClipRef> part(clips.begin() + static_cast<std::ptrdiff_t>(begin),
                                  clips.begin() + static_cast<std::ptrdiff_t>(end));
  std::vector<torch::Tensor> logits{torch::empty({0, static_cast<std::int64_t>(classes.size())})};
  std::vector<std::int64_t> indices;
  if (!part.empty()) {
    loader.start_evaluation(part);
    for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next()) {
      if (batch.indices.empty()) continue;
      logits.push_back(model.classify(model.features_of(batch.clips.to(device, true))).to(torch::kCPU));
      for (const std::size_t index : batch.indices)
        indices.push_back(static_cast<std::int64_t>(begin + index));
    }
  }
  const torch::Tensor all_logits = group.gather_rows(torch::cat(logits));
  const torch::Tensor all_indices = group.gather_rows(torch::tensor(indices, torch::kInt64));
  const std::int64_t* const first = all_indices.data_ptr<std::int64_t>();
  return metrics_of(all_logits, Indices(first, first + all_indices.size(0)), clips, classes);
}

EvaluationResult evaluate_whole_clips(Recogniser& model, const torch::Device& device,
                                      const std::vector<ClipRef>& clips,
                                      const std::vector<std::string>& classes,
                                      const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds,
                                      const Progress& progress, AblationMeter* ablation) {
  ClassificationMeter meter(classes);
  Indices added;
  std::int64_t done = 0;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const ClipRef& clip = clips[i];
    stop_if_requested();
    try {
      const torch::Tensor logits =
          ablation != nullptr ? classify_and_ablate(model, device, clip, pipeline, timeout_seconds, *ablation)
                              : classify_clip(model, device, clip, pipeline, timeout_seconds).logits;
      meter.add(clip.label, logits.data_ptr<float>());
      added.push_back(i);
    } catch (const DataError& error) {
      pipeline->bad_clips().add(clip, error);
    }
    if (progress) progress(++done, static_cast<std::int64_t>(clips.size()));
  }
  return result_of(meter, clips, added);
}

EvaluationResult evaluate_checkpoint(const Checkpoint& checkpoint, const std::vector<ClipRef>& clips,
                                     CacheUse cache, Ablation ablation, const Progress& progress) {
  const Settings& settings = checkpoint.info.settings;
  const std::vector<std::string>& classes = checkpoint.info.classes;
  const torch::Device device = resolve_device(settings.device);
  const ThreadPlan threads = plan_threads(settings);
  checkpoint.model->to(device);
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings, cache);
  pipeline->bad_clips().expect("evaluation", clips);
  AblationMeter meter(classes, settings);
  AblationMeter* const wanted = ablation == Ablation::all ? &meter : nullptr;
  EvaluationResult result;
  if (settings.clip.sampling == Sampling::all) {
    result = evaluate_whole_clips(*checkpoint.model, device, clips, classes, pipeline,
                                  settings.data.timeout_seconds, progress, wanted);
  } else {
    Loader loader(pipeline, loader_options(settings, threads, device));
    const int views = loader.test_views();
    if (views == 1 || wanted != nullptr)  // the ablation is of the plain view
      result = evaluate_clips(*checkpoint.model, device, clips, classes, loader, progress, wanted);
    if (views > 1) {
      std::int64_t done = 0;  // over all views
      const auto on_batch = [&](std::int64_t count) {
        done += count;
        if (progress) progress(done / views, static_cast<std::int64_t>(clips.size()));
      };
      const AveragedViews averaged = average_views(*checkpoint.model, device, clips, loader, on_batch);
      result = metrics_of(averaged.logits, averaged.indices, clips, classes);
    }
  }
  if (wanted != nullptr) result.ablation = meter.result(checkpoint.info.train_clips);
  result.skipped = skipped_clips(pipeline->bad_clips());
  calibrate(result, checkpoint.info.temperature);
  result.intervals = confidence_intervals(result.predictions);
  return result;
}

ClipLogits classify_clip(Recogniser& model, const torch::Device& device, const ClipRef& clip,
                         const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds) {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> features;
  const std::int64_t frames = for_each_piece(
      clip, pipeline, timeout_seconds,
      [&](const torch::Tensor& pixels) { features.push_back(model.encode(pixels.to(device))); });
  return {model.classify(torch::cat(features, 1)).flatten().to(torch::kCPU).contiguous(), frames};
}

}  // namespace actrec
