#include "engine/test_views.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

Settings settings_with_views(int clips, int views) {
  Settings settings = tiny_settings();
  settings.augment.horizontal_flip = 0.5;
  settings.augment.test_clips = clips;
  settings.augment.test_views = views;
  return settings;
}

// Of the same model each time, [clips, 2].
torch::Tensor probabilities(const std::vector<ClipRef>& clips, const Settings& settings) {
  torch::manual_seed(1);
  Recogniser model(settings.model, settings.clip.size, 2, {{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
  model.eval();
  LoaderOptions options;
  options.batch_size = 4;  // the last batch is smaller
  Loader loader(make_pipeline(settings, CacheUse::none), options);
  return average_views(model, torch::kCPU, clips, loader).logits.exp();
}

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
  Settings settings = settings_with_views(1, 2);
  const torch::Tensor both = probabilities(clips, settings);
  settings.augment.test_views = 1;
  const torch::Tensor plain = probabilities(clips, settings), mirror = probabilities(mirrored, settings);
  EXPECT_GT((plain - mirror).abs().max().item<float>(), 1e-4);
  EXPECT_TRUE(torch::allclose(plain.sum(1), torch::ones(6)));
  EXPECT_TRUE(torch::allclose(both, (plain + mirror) / 2, 1e-4, 1e-5));
}

// The temporal clips are checked against folders that hold their frames only.
TEST(TestViews, AverageTheProbabilitiesOfTemporalClips) {
  const TemporaryDirectory directory;
  ClipRef clip;
  clip.name = "a";
  clip.path = directory / "a";
  write_moving_square(clip.path, 16, 1, 0);
  // 8 parts of 2 frames, centres 1, 3, 5, ..., 15.
  const std::vector<std::vector<int>> frames{{1, 5, 9, 13}, {3, 7, 11, 15}};
  std::vector<ClipRef> temporal_clips;
  for (const std::vector<int>& of_clip : frames) {
    ClipRef part = clip;
    part.name = fmt::format("part {}", of_clip.front());
    part.path = directory / part.name;
    std::filesystem::create_directories(part.path);
    for (const int frame : of_clip) {
      const std::string name = fmt::format("{:04}.png", frame);
      std::filesystem::copy(clip.path / name, part.path / name);
    }
    temporal_clips.push_back(part);
  }
  for (const int views : {1, 2}) {
    Settings settings = settings_with_views(2, views);
    const torch::Tensor averaged = probabilities({clip}, settings);
    settings.augment.test_clips = 1;
    const torch::Tensor single = probabilities(temporal_clips, settings);
    EXPECT_GT((single[0] - single[1]).abs().max().item<float>(), 1e-5);
    EXPECT_TRUE(torch::allclose(averaged[0], single.mean(0), 1e-4, 1e-6));
  }
}

}  // namespace
}  // namespace actrec
