#include "engine/classified_clips.h"

#include "engine/metrics.h"

namespace actrec {
ClassifiedClips gather(const ClassifiedClips& part, const std::vector<ClipRef>& clips, std::size_t classes,
                       ProcessGroup& group) {
  const std::size_t begin = group.shard().begin(clips.size());
  std::vector<std::int64_t> own;
  for (const std::size_t index : part.indices) own.push_back(static_cast<std::int64_t>(begin + index));
  const torch::Tensor indices = group.gather_rows(torch::tensor(own, torch::kInt64));
  const std::int64_t* const first = indices.data_ptr<std::int64_t>();
  const torch::Tensor logits =
      part.logits.defined() ? part.logits : torch::empty({0, static_cast<std::int64_t>(classes)});
  return {group.gather_rows(logits), {first, first + indices.size(0)}};
}

EvaluationResult result_of(const ClassifiedClips& classified, const std::vector<ClipRef>& clips,
                           const std::vector<std::string>& classes) {
  ClassificationMeter meter(classes);
  for (std::size_t i = 0; i < classified.indices.size(); ++i) {
    meter.add(clips[classified.indices[i]].label,
              classified.logits[static_cast<std::int64_t>(i)].data_ptr<float>());
  }
  EvaluationResult result = meter.result();
  for (std::size_t i = 0; i < classified.indices.size(); ++i) {
    result.predictions[i].name = clips[classified.indices[i]].name;
    result.predictions[i].group = clips[classified.indices[i]].group;
  }
  return result;
}

}  // namespace actrec
