#include "engine/evaluator.h"

#include "core/error.h"
#include "core/stop_signal.h"
#include "data/loader.h"
#include "engine/bootstrap.h"
#include "engine/calibration.h"
#include "engine/classified_clips.h"
#include "engine/device_feed.h"
#include "engine/resources.h"
#include "engine/shared_bad_clips.h"
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
  const torch::Tensor logits = model.classify(features.forwards);
  ablation.add(model, features, {&clip}, logits);
  return logits.flatten().to(torch::kCPU).contiguous();
}

using OnClips = std::function<void(std::int64_t clips)>;  // that are done now

// Tells `progress`, which may be empty, of clips that are done: of `total`, which so many `counted` ones
// stand for, where one is counted in each view, or others count the rest.
OnClips counter(const Progress& progress, std::size_t total, std::size_t counted) {
  return [=, done = std::int64_t{0}](std::int64_t clips) mutable {
    stop_if_requested();
    done += clips;
    const auto all = static_cast<std::int64_t>(total);
    if (progress) progress(done * all / static_cast<std::int64_t>(counted), all);
  };
}
OnClips counter(const Progress& progress, std::size_t total) { return counter(progress, total, total); }

ClassifiedClips classify_clips(Recogniser& model, const torch::Device& device,
                               const std::vector<ClipRef>& clips, BatchSource& loader,
                               AblationMeter* ablation, const OnClips& on_clips) {
  const torch::NoGradGuard no_grad;
  ClassifiedClips classified;
  if (clips.empty()) return classified;
  DeviceFeed feed(device);
  std::vector<torch::Tensor> logits;  // on the device, so that nobody waits for a batch
  loader.start_evaluation(clips);
  for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next()) {
    if (batch.indices.empty()) continue;
    const torch::Tensor input = feed.to_device(batch).clips;
    const ClipFeatures features =
        ablation != nullptr ? ablation->encode(model, input) : ClipFeatures{model.features_of(input), {}};
    logits.push_back(model.classify(features.forwards));
    classified.indices.insert(classified.indices.end(), batch.indices.begin(), batch.indices.end());
    if (ablation != nullptr) {
      std::vector<const ClipRef*> of_batch;
      for (const std::size_t index : batch.indices) of_batch.push_back(&clips[index]);
      ablation->add(model, features, of_batch, logits.back());
    }
    on_clips(batch.labels.size(0));
  }
  if (!logits.empty()) classified.logits = torch::cat(logits).to(torch::kCPU).contiguous();
  return classified;
}

// The same clip by clip, for Sampling::all.
ClassifiedClips classify_whole_clips(Recogniser& model, const torch::Device& device,
                                     const std::vector<ClipRef>& clips,
                                     const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds,
                                     AblationMeter* ablation, const OnClips& on_clips) {
  ClassifiedClips classified;
  std::vector<torch::Tensor> logits;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const ClipRef& clip = clips[i];
    try {
      logits.push_back(ablation != nullptr
                           ? classify_and_ablate(model, device, clip, pipeline, timeout_seconds, *ablation)
                           : classify_clip(model, device, clip, pipeline, timeout_seconds).logits);
      classified.indices.push_back(i);
    } catch (const DataError& error) {
      pipeline->bad_clips().add(clip, error);
    }
    on_clips(1);
  }
  if (!logits.empty()) classified.logits = torch::stack(logits);
  return classified;
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
  return result_of(classify_clips(model, device, clips, loader, ablation, counter(progress, clips.size())),
                   clips, classes);
}

EvaluationResult evaluate_clips_together(Recogniser& model, const torch::Device& device,
                                         const std::vector<ClipRef>& clips,
                                         const std::vector<std::string>& classes, BatchSource& loader,
                                         ProcessGroup& group) {
  if (group.alone()) return evaluate_clips(model, device, clips, classes, loader);
  const std::vector<ClipRef> part = part_of(clips, group.shard());
  const ClassifiedClips classified =
      classify_clips(model, device, part, loader, nullptr, [](std::int64_t /*clips*/) {});
  return result_of(gather(classified, clips, classes.size(), group), clips, classes);
}

EvaluationResult evaluate_whole_clips(Recogniser& model, const torch::Device& device,
                                      const std::vector<ClipRef>& clips,
                                      const std::vector<std::string>& classes,
                                      const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds,
                                      const Progress& progress, AblationMeter* ablation) {
  return result_of(classify_whole_clips(model, device, clips, pipeline, timeout_seconds, ablation,
                                        counter(progress, clips.size())),
                   clips, classes);
}

EvaluationResult evaluate_checkpoint(const Checkpoint& checkpoint, const std::vector<ClipRef>& clips,
                                     CacheUse cache, Ablation ablation, ProcessGroup& group,
                                     const Progress& progress) {
  const Settings& settings = checkpoint.info.settings;
  const std::vector<std::string>& classes = checkpoint.info.classes;
  const torch::Device device = resolve_device(settings.device);
  const ThreadPlan threads = plan_threads(settings);
  checkpoint.model->to(device);
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings, cache);
  pipeline->bad_clips().expect("evaluation", clips);
  AblationMeter meter(classes, settings);
  AblationMeter* const wanted = ablation == Ablation::all ? &meter : nullptr;
  const std::vector<ClipRef> part = part_of(clips, group.shard());
  const auto count = [&](std::size_t views) { return counter(progress, clips.size(), part.size() * views); };
  ClassifiedClips classified;
  if (settings.clip.sampling == Sampling::all) {
    classified = classify_whole_clips(*checkpoint.model, device, part, pipeline,
                                      settings.data.timeout_seconds, wanted, count(1));
  } else {
    Loader loader(pipeline, loader_options(settings, threads, device));
    const int views = loader.test_views();
    if (views == 1 || wanted != nullptr) {  // the ablation is of the plain view
      classified = classify_clips(*checkpoint.model, device, part, loader, wanted, count(1));
    }
    if (views > 1) {
      classified =
          average_views(*checkpoint.model, device, part, loader, count(static_cast<std::size_t>(views)));
    }
  }
  EvaluationResult result = result_of(gather(classified, clips, classes.size(), group), clips, classes);
  if (wanted != nullptr) {
    meter.add_up(group);
    result.ablation = meter.result(checkpoint.info.train_clips);
  }
  share_bad_clips(pipeline->bad_clips(), group);
  result.skipped = skipped_clips(pipeline->bad_clips());
  calibrate(result, checkpoint.info.temperature);
  result.intervals = confidence_intervals(result.predictions);
  return result;
}

EvaluationResult evaluate_checkpoint(const Checkpoint& checkpoint, const std::vector<ClipRef>& clips,
                                     CacheUse cache, Ablation ablation, const Progress& progress) {
  ProcessGroup alone;
  return evaluate_checkpoint(checkpoint, clips, cache, ablation, alone, progress);
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
