#include "engine/feature_statistics.h"

#include "core/error.h"
#include "core/stop_signal.h"

namespace actrec {

void measure_features(Recogniser& model, const torch::Device& device, const std::vector<ClipRef>& clips,
                      std::uint64_t seed, BatchSource& source, ProcessGroup& group) {
  const torch::NoGradGuard no_grad;
  model.eval();
  const std::int64_t width = model.encoder().dim();
  const auto float64 = torch::TensorOptions(torch::kFloat64).device(device);
  torch::Tensor sum = torch::zeros({width}, float64), squares = torch::zeros({width}, float64);
  torch::Tensor frames = torch::zeros({}, float64);
  source.start_training(clips, seed, 0);
  for (Batch batch = source.next(); batch.clips.defined(); batch = source.next()) {
    if (stop_requested() && group.alone())
      throw Interrupted();  // several processes agree on it between steps
    if (batch.indices.empty()) continue;
    const torch::Tensor features =
        model.features_of(network_input(batch, device)).flatten(0, 1).to(torch::kFloat64);  // [B * T, D]
    sum += features.sum(0);
    squares += features.square().sum(0);
    frames += features.size(0);
  }
  for (torch::Tensor* const total : {&sum, &squares, &frames}) group.sum(*total);
  const torch::Tensor mean = sum / frames;
  model.input().set_statistics(mean, (squares / frames - mean.square()).clamp_min(0).sqrt());
}

}  // namespace actrec
