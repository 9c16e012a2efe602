#include "engine/test_views.h"

#include "engine/device_feed.h"

namespace actrec {

ClassifiedClips average_views(Recogniser& model, const torch::Device& device,
                              const std::vector<ClipRef>& clips, Loader& loader,
                              const std::function<void(std::int64_t clips)>& on_batch) {
  torch::NoGradGuard no_grad;
  if (clips.empty()) return {};
  const int views = loader.test_views();
  DeviceFeed feed(device);
  std::vector<torch::Tensor> sums(clips.size());  // of probabilities, float64 [K]
  std::vector<int> seen(clips.size());            // views of each clip
  for (int view = 0; view < views; ++view) {
    std::vector<torch::Tensor> logits;  // on the device, so that nobody waits for a batch
    std::vector<std::size_t> indices;
    loader.start_test_view(clips, view);
    for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next()) {
      if (batch.indices.empty()) continue;
      logits.push_back(model.forward(feed.to_device(batch).clips));
      indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
      if (on_batch) on_batch(batch.labels.size(0));
    }
    if (logits.empty()) continue;
    const torch::Tensor probabilities = torch::cat(logits).to(torch::kCPU, torch::kFloat64).softmax(1);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      torch::Tensor& sum = sums[indices[i]];
      const torch::Tensor one = probabilities[static_cast<std::int64_t>(i)];
      sum = sum.defined() ? sum + one : one;
      ++seen[indices[i]];
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
