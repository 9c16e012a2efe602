#include "data/pending_changes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "core/random.h"
#include "data/clip_pipeline.h"
#include "data/unchanged_frames.h"

namespace actrec {
namespace {

// An RGB image whose neighbouring pixels differ by 4 levels at most, and change their direction.
cv::Mat smooth_image(int width, int height) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double level = 128 + 60 * std::sin(0.07 * x + c) + 60 * std::cos(0.05 * y + 2 * c);
        image.at<cv::Vec3b>(y, x)[c] = cv::saturate_cast<std::uint8_t>(level);
      }
    }
  }
  return image;
}

torch::Tensor tensor_of(const cv::Mat& image) {
  return torch::from_blob(image.data, {image.rows, image.cols, image.channels()}, torch::kUInt8).clone();
}

struct Geometry {
  FrameSize size;
  Resize resize = Resize::stretch;
  Border border = Border::reflect;
};

PendingChanges changes_of(cv::Size frame, const Geometry& geometry, const Augmentation& augmentation) {
  PendingChanges changes;
  changes.size = geometry.size;
  changes.border = geometry.border;
  changes.color = augmentation.changes_color;
  changes.values = torch::empty({1, 1, PendingChanges::kValues});
  write_changes(frame, geometry.size, geometry.resize, augmentation, changes.values.data_ptr<float>());
  return completed(changes, false);
}

// uint8 [height, width, 3], of an RGB image on its own.
torch::Tensor changed(const cv::Mat& image, const Geometry& geometry, const Augmentation& augmentation) {
  return make_changes(tensor_of(image).unsqueeze(0).unsqueeze(0),
                      changes_of(image.size(), geometry, augmentation))[0][0];
}

torch::Tensor reference(const cv::Mat& image, const Geometry& geometry, const Augmentation& augmentation) {
  cv::Mat output(geometry.size.height, geometry.size.width, image.type());
  augment_frame(image, geometry.size, geometry.resize, geometry.border, augmentation, output);
  return tensor_of(output);
}

torch::Tensor difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kInt32) - b.to(torch::kInt32)).abs();
}

TEST(PendingChanges, NothingChangesWhereNothingIsDrawn) {
  const cv::Mat image = smooth_image(20, 14);
  EXPECT_TRUE(torch::equal(changed(image, {{14, 20}}, {}), tensor_of(image)));
}

TEST(PendingChanges, FlipMirrorsEveryPixel) {
  const cv::Mat image = smooth_image(21, 14);
  Augmentation augmentation;
  augmentation.flip = true;
  EXPECT_TRUE(torch::equal(changed(image, {{14, 21}}, augmentation), tensor_of(image).flip({1})));
}

TEST(PendingChanges, WholePixelsOfShiftMoveAndBordersFill) {
  cv::Mat image(1, 4, CV_8UC3);
  for (int x = 0; x < 4; ++x) image.at<cv::Vec3b>(0, x) = cv::Vec3b::all(static_cast<uchar>(10 * (x + 1)));
  Augmentation augmentation;
  augmentation.shift_x = 0.5;  // of 4 pixels, to the right
  const auto row = [&](Border border) {
    const torch::Tensor output = changed(image, {{1, 4}, Resize::stretch, border}, augmentation);
    std::vector<int> levels;
    for (int x = 0; x < 4; ++x) levels.push_back(output[0][x][1].item<int>());
    return levels;
  };
  EXPECT_EQ(row(Border::black), (std::vector<int>{0, 0, 10, 20}));
  EXPECT_EQ(row(Border::replicate), (std::vector<int>{10, 10, 10, 20}));
  EXPECT_EQ(row(Border::reflect), (std::vector<int>{20, 10, 10, 20}));
}

TEST(PendingChanges, ColorsChangeAsTheirMatrixSays) {
  const cv::Mat image(2, 2, CV_8UC3, cv::Scalar(10, 100, 200));
  Augmentation augmentation;
  augmentation.changes_color = true;
  augmentation.color = {0.5, 0, 0.1, 3, 0, 2, 0.5, 0, 0, -1, 0.2, 0};
  const torch::Tensor pixel = changed(image, {{2, 2}}, augmentation)[1][0];
  EXPECT_EQ(pixel[0].item<int>(), 28);   // 5 + 20 + 3
  EXPECT_EQ(pixel[1].item<int>(), 255);  // 200 + 100
  EXPECT_EQ(pixel[2].item<int>(), 0);    // -100 + 40
}

class LikeTheLoader : public ::testing::TestWithParam<std::tuple<Resize, Border>> {};

INSTANTIATE_TEST_SUITE_P(Geometries, LikeTheLoader,
                         ::testing::Combine(::testing::Values(Resize::stretch, Resize::crop),
                                            ::testing::Values(Border::black, Border::replicate,
                                                              Border::reflect)));

// Of draws much larger than usual. OpenCV rounds positions to 1/32 pixel, half of which is a sixteenth of a
// level here, and both round to whole levels before the colours, which can double that.
TEST_P(LikeTheLoader, AllChangesTogether) {
  const auto [resize, border] = GetParam();
  AugmentSettings settings;
  settings.affine = {Range(0.5, 1.5), Range(-0.4, 0.4), Range(-90, 90)};
  settings.random_resized_crop.enabled = true;
  settings.color_jitter.hue = 0.1;
  const cv::Mat image = smooth_image(171, 128);
  const Geometry geometry{{112, 96}, resize, border};
  for (std::uint32_t draw = 0; draw < 20; ++draw) {
    KeyedRandom random(3, Purpose::augment, draw, 0);
    const Augmentation augmentation = draw_augmentation(settings, random);
    const torch::Tensor apart =
        difference(changed(image, geometry, augmentation), reference(image, geometry, augmentation));
    // Where the edge of what is black runs between two pixels, either may be right.
    EXPECT_LE(apart.gt(3).sum().item<int>(), border == Border::black ? 12 : 0) << draw;
    EXPECT_LT(apart.to(torch::kFloat32).mean().item<double>(), 0.3) << draw;
  }
}

TEST(PendingChanges, DoNotDependOnTheRoomThatFramesHave) {
  const Geometry geometry{{112, 112}};
  cv::Mat image(128, 171, CV_8UC3);
  cv::randu(image, 0, 256);
  torch::Tensor roomy = torch::randint(256, {1, 1, 157, 203, 3}, torch::kUInt8);
  copy_frames(tensor_of(image).unsqueeze(0), roomy[0]);
  for (std::uint32_t draw = 0; draw < 5; ++draw) {
    KeyedRandom random(3, Purpose::augment, draw, 0);
    const Augmentation augmentation = draw_augmentation({}, random);
    const PendingChanges changes = changes_of(image.size(), geometry, augmentation);
    EXPECT_TRUE(torch::equal(make_changes(roomy, changes)[0][0], changed(image, geometry, augmentation)));
  }
}

TEST(PendingChanges, GreyFramesChangeAsTheirBrightnessAndBecomeDifferences) {
  Augmentation augmentation;
  augmentation.changes_color = true;
  augmentation.color = {1, 0, 0, 0, 0, 2,
                        0, 0, 0, 0, 1, 5};  // times 0.299 + 2 * 0.587 + 0.114, and 0.57 more
  const torch::Tensor frames = torch::tensor({10, 20, 40, 80}, torch::kUInt8).expand({1, 1, 2, 2, 4});
  const torch::Tensor image = make_changes(frames, changes_of({2, 2}, {{2, 2}}, augmentation))[0][0];
  const torch::Tensor pixel = torch::tensor({160, 192, 255}, torch::kUInt8);  // of 16, 32, 64 and 128
  EXPECT_TRUE(torch::equal(image, pixel.expand({2, 2, 3}))) << image;
}

// A clip of two images with draws of their own beside one whose images have the same: all keep theirs.
TEST(PendingChanges, ImagesOfOneClipMayDiffer) {
  const cv::Mat small = smooth_image(20, 16), large = smooth_image(31, 24);
  const Geometry geometry{{12, 12}};
  Augmentation flip;
  flip.flip = true;
  const std::vector<std::vector<std::pair<cv::Mat, Augmentation>>> clips{{{small, {}}, {large, flip}},
                                                                         {{small, flip}, {small, flip}}};
  PendingChanges changes = changes_of(small.size(), geometry, flip);
  changes.values = torch::empty({2, 2, PendingChanges::kValues});
  const torch::Tensor frames = torch::zeros({2, 2, 24, 31, 3}, torch::kUInt8);
  for (std::int64_t clip = 0; clip < 2; ++clip) {
    for (std::int64_t i = 0; i < 2; ++i) {
      const auto& [image, augmentation] = clips[static_cast<std::size_t>(clip)][static_cast<std::size_t>(i)];
      copy_frames(tensor_of(image).unsqueeze(0), frames[clip].narrow(0, i, 1));
      write_changes(image.size(), geometry.size, geometry.resize, augmentation,
                    changes.values[clip][i].data_ptr<float>());
    }
  }
  const PendingChanges all = completed(changes, false);
  EXPECT_EQ(all.values.size(1), 2);
  EXPECT_EQ(all.largest_frame, FrameSize(24, 31));
  const torch::Tensor images = make_changes(frames, all);
  for (std::int64_t clip = 0; clip < 2; ++clip) {
    for (std::int64_t i = 0; i < 2; ++i) {
      const auto& [image, augmentation] = clips[static_cast<std::size_t>(clip)][static_cast<std::size_t>(i)];
      EXPECT_LE(difference(images[clip][i], reference(image, geometry, augmentation)).max().item<int>(), 1)
          << clip << " " << i;
    }
  }
}

TEST(PendingChanges, ValuesThatAreTheSameAreKeptOnce) {
  PendingChanges changes = changes_of({20, 16}, {{12, 12}}, {});
  changes.values = changes.values.expand({3, 4, PendingChanges::kValues}).contiguous();
  EXPECT_EQ(completed(changes, false).values.sizes(),
            (std::vector<std::int64_t>{3, 1, PendingChanges::kValues}));
}

}  // namespace
}  // namespace actrec
