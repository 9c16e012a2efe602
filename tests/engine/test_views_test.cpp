#include "engine/test_views.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

// The second view is checked against mirrored copies of the images themselves.
TEST(TestViews, AverageTheProbabilitiesOfTheClipAndItsMirrorImage) {
  const TemporaryDirectory directory;
  const std::vector<ClipRef> clips = moving_square_clips(directory / "clips", "test", 3);
  std::vector<ClipRef> mirrored = clips;
  for (ClipRef& clip : mirrored) {
    const std::filesystem::path original = clip.path;
    clip.path = directory / ("mirrored_" + clip.name);
    std::filesystem::create_directories(clip.path);
    for (const auto& image : std::filesystem::directory_iterator(original)) {
      cv::Mat flipped;
      cv::flip(cv::imread(image.path().string()), flipped, 1);
      cv::imwrite((clip.path / image.path().filename()).string(), flipped);
    }
  }
  Settings settings = tiny_settings();
  settings.augment.horizontal_flip = 0.5;
  torch::manual_seed(1);
  Recogniser model(settings.model, settings.clip.size, 2, {{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
  model.eval();
  const auto logits = [&](const std::vector<ClipRef>& of, int views) {
    LoaderOptions options;
    options.batch_size = 4;  // the last batch is smaller
    Loader loader(make_pipeline(settings, CacheUse::none), options);
    return average_views(model, torch::kCPU, of, loader, views, {}).logits;
  };
  const torch::Tensor plain = logits(clips, 1).exp(), mirror = logits(mirrored, 1).exp();
  EXPECT_GT((plain - mirror).abs().max().item<float>(), 1e-4);
  EXPECT_TRUE(torch::allclose(plain.sum(1), torch::ones(6)));
  EXPECT_TRUE(torch::allclose(logits(clips, 2).exp(), (plain + mirror) / 2, 1e-4, 1e-5));
}

}  // namespace
}  // namespace actrec
