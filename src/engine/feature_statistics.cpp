#include "engine/feature_statistics.h"

#include "core/error.h"
#include "core/stop_signal.h"

namespace actrec {

void measure_features(Recogniser& model, const torch::Device& device, const std::vector<ClipRef>& clips,
                      std::uint64_t seed, BatchSource& source) {
  const torch::NoGradGuard no_grad;
  model.eval();
  torch::Tensor sum, squares;  // float64 [D]
  std::int64_t frames = 0;
  source.start_training(clips, seed, 0);
  for (Batch batch = source.next(); batch.clips.defined(); batch = source.next()) {
    if (stop_requested()) throw Interrupted();
    if (batch.indices.empty()) continue;
    const torch::Tensor features =
        model.features_of(batch.clips.to(device, true)).flatten(0, 1).to(torch::kFloat64);  // [B * T, D]
    const torch::Tensor batch_sum = features.sum(0), batch_squares = features.square().sum(0);
    sum = sum.defined() ? sum + batch_sum : batch_sum;
    squares = squares.defined() ? squares + batch_squares : batch_squares;
    frames += features.size(0);
  }
  const torch::Tensor mean = sum / frames;
  model.input().set_statistics(mean, (squares / frames - mean.square()).clamp_min(0).sqrt());
}

}  // namespace actrec
