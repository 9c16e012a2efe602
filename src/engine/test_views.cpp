#include "engine/test_views.h"

namespace actrec {

ClassifiedClips average_views(Recogniser& model, const torch::Device& device,
                              const std::vector<ClipRef>& clips, Loader& loader,
                              const std::function<void(std::int64_t clips)>& on_batch) {
  torch::NoGradGuard no_grad;
  if (clips.empty()) return {};
  const int views = loader.test_views();
  std::vector<torch::Tensor> sums(clips.size());  // of probabilities, float64 [K]
  std::vector<int> seen(clips.size());            // views of each clip
  for (int view = 0; view < views; ++view) {
    loader.start_test_view(clips, view);
    for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next()) {
      if (batch.indices.empty()) continue;
      const torch::Tensor logits = model.forward(batch.clips.to(device, true));
      const torch::Tensor probabilities = logits.to(torch::kCPU, torch::kFloat64).softmax(1);
      for (std::size_t i = 0; i < batch.indices.size(); ++i) {
        torch::Tensor& sum = sums[batch.indices[i]];
        const torch::Tensor one = probabilities[static_cast<std::int64_t>(i)];
        sum = sum.defined() ? sum + one : one;
        ++seen[batch.indices[i]];
      }
      if (on_batch) on_batch(logits.size(0));
    }
  }
  ClassifiedClips result;
  std::vector<torch::Tensor> complete;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (seen[i] != views) continue;
    complete.push_back(sums[i]);
    result.indices.push_back(i);
  }
  if (!complete.empty())
    result.logits = (torch::stack(complete) / views).log().to(torch::kFloat32).contiguous();
  return result;
}

}  // namespace actrec
