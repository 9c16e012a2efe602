#include "engine/feature_statistics.h"

#include <gtest/gtest.h>

#include "data/loader.h"
#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(FeatureStatistics, AreThoseOfAllTrainingFrames) {
  const TemporaryDirectory directory;
  const std::vector<ClipRef> clips = moving_square_clips(directory / "clips", "train", 3);
  Settings settings = tiny_settings();
  settings.model.temporal.standardize = true;
  torch::manual_seed(1);
  Recogniser model(settings.model, settings.clip.size, 2, {{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
  LoaderOptions options;
  options.batch_size = 4;
  Loader loader(make_pipeline(settings, CacheUse::none), options);
  ProcessGroup alone;
  measure_features(model, torch::kCPU, clips, 1, loader, alone);

  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> all;
  loader.start_training(clips, 1, 0);
  for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next())
    all.push_back(model.encode(batch.clips).flatten(0, 1));
  const torch::Tensor features = torch::cat(all);  // [24, D]
  const auto buffers = model.named_buffers();
  EXPECT_TRUE(torch::allclose(buffers["input.mean"], features.mean(0), 1e-4, 1e-5));
  const torch::Tensor deviation = features.std(0, false);
  EXPECT_TRUE(torch::allclose(buffers["input.deviation"], deviation + 0.1 * deviation.mean(), 1e-3, 1e-5));
}

}  // namespace
}  // namespace actrec
