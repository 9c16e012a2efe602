#include "data/pixel_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/loader.h"
#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(PixelStatistics, AgreeWithFiguresComputedByHandForAnyNumberOfThreadsAndSizeOfBatches) {
  TemporaryDirectory directory;
  // Half of the frames are RGB (0, 100, 255), half (200, 100, 0).
  std::filesystem::create_directories(directory / "clip");
  for (int i = 0; i < 4; ++i) {
    const cv::Scalar bgr = i < 2 ? cv::Scalar(255, 100, 0) : cv::Scalar(0, 100, 200);
    cv::imwrite((directory / ("clip/" + std::to_string(i) + ".png")).string(), cv::Mat(16, 16, CV_8UC3, bgr));
  }
  ClipRef clip;
  clip.path = directory / "clip";
  clip.name = "clip";
  const Settings settings = tiny_settings();
  for (const auto& [workers, batch_size] : {std::pair{0, 1}, {1, 2}, {3, 4}}) {
    Loader loader(std::make_shared<ClipPipeline>(settings.clip, settings.augment, 1), {batch_size, workers});
    const PixelStatistics statistics = measure_pixel_statistics({clip, clip, clip}, loader);
    EXPECT_NEAR(statistics.mean[0], 100 / 255.0, 1e-12);
    EXPECT_NEAR(statistics.std[0], 100 / 255.0, 1e-12);
    EXPECT_NEAR(statistics.mean[1], 100 / 255.0, 1e-12);
    EXPECT_NEAR(statistics.std[1], 1 / 255.0, 1e-12);  // constant: the smallest step stands in for 0
    EXPECT_NEAR(statistics.mean[2], 127.5 / 255.0, 1e-12);
    EXPECT_NEAR(statistics.std[2], 127.5 / 255.0, 1e-12);
  }
}

}  // namespace
}  // namespace actrec
