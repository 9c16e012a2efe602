#include "engine/test_views.h"

#include "core/error.h"
#include "core/stop_signal.h"

namespace actrec {

torch::Tensor average_views(Recogniser& model, const torch::Device& device, const std::vector<ClipRef>& clips,
                            Loader& loader, int views,
                            const std::function<void(std::int64_t clips)>& on_batch) {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> sums;  // of probabilities, by batch: every view has the same batches
  for (int view = 0; view < views; ++view) {
    loader.start_test_view(clips, view);
    std::size_t number = 0;
    for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next(), ++number) {
      if (stop_requested()) throw Interrupted();
      const torch::Tensor logits = model.forward(batch.clips.to(device, true));
      const torch::Tensor probabilities = logits.to(torch::kCPU, torch::kFloat64).softmax(1);
      if (view == 0) {
        sums.push_back(probabilities);
      } else {
        sums[number] += probabilities;
      }
      if (on_batch) on_batch(logits.size(0));
    }
  }
  return (torch::cat(sums) / views).log().to(torch::kFloat32).contiguous();
}

}  // namespace actrec
