#include "data/augment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "data/color_jitter.h"
#include "data/image_difference.h"

namespace actrec {
namespace {

using testing::largest_difference;
using Pixel = cv::Vec3b;

cv::Mat noise(int width, int height) {
  cv::Mat image(height, width, CV_8UC3);
  KeyedRandom random(9, Purpose::demo);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) image.at<Pixel>(y, x)[c] = static_cast<uchar>(random.below(256));
    }
  }
  return image;
}

cv::Mat augmented(const cv::Mat& frame, FrameSize size, const Augmentation& augmentation,
                  Resize resize = Resize::stretch, Border border = Border::reflect) {
  cv::Mat output(size.height, size.width, CV_8UC3, cv::Scalar::all(123));
  const uchar* buffer = output.data;
  augment_frame(frame, size, resize, border, augmentation, output);
  EXPECT_EQ(output.data, buffer) << "the caller's buffer must be written in place";
  return output;
}

FrameSize size_of(const cv::Mat& image) { return {image.rows, image.cols}; }

// A geometric draw with every step in it.
Augmentation everything() {
  Augmentation a;
  a.flip = true;
  a.scale_x = 1.25;
  a.scale_y = 0.8;
  a.shift_x = 0.1;
  a.shift_y = -0.05;
  a.degrees = 30;
  a.crop = {0.1, 0.2, 0.5, 0.6};
  return a;
}

// Where a point of the frame goes, step by step from the source outwards: the opposite direction of
// warp_matrix, written without matrices. Pixel centres at integers.
cv::Point2d forward(cv::Point2d p, cv::Size source, FrameSize output, Resize resize, const Augmentation& a) {
  double x = p.x + 0.5 - a.crop.x * source.width;
  double y = p.y + 0.5 - a.crop.y * source.height;
  const double part_width = a.crop.width * source.width, part_height = a.crop.height * source.height;
  double zoom_x = output.width / part_width, zoom_y = output.height / part_height;
  if (resize == Resize::crop) zoom_x = zoom_y = std::max(zoom_x, zoom_y);
  if (resize == Resize::letterbox) zoom_x = zoom_y = std::min(zoom_x, zoom_y);
  // About the centre, in pixels of the output.
  x = (x - part_width / 2) * zoom_x * a.scale_x;
  y = (y - part_height / 2) * zoom_y * a.scale_y;
  const double angle = a.degrees * 3.14159265358979323846 / 180;
  const double turned_x = std::cos(angle) * x + std::sin(angle) * y;  // y points down
  const double turned_y = -std::sin(angle) * x + std::cos(angle) * y;
  x = turned_x + output.width * (0.5 + a.shift_x);
  y = turned_y + output.height * (0.5 + a.shift_y);
  if (a.flip) x = output.width - x;
  return {x - 0.5, y - 0.5};
}

TEST(WarpMatrix, StretchMapsPixelCentres) {
  // Output x is centred at (x + 0.5) * 128 / 112 - 0.5 of the source.
  const cv::Matx23d m = warp_matrix({128, 96}, {112, 112}, Resize::stretch, {});
  const cv::Matx23d expected{128.0 / 112, 0, 0.5 * 128 / 112 - 0.5, 0, 96.0 / 112, 0.5 * 96 / 112 - 0.5};
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(m.val[i], expected.val[i], 1e-12);
}

TEST(WarpMatrix, CropAndLetterboxKeepTheAspect) {
  // 160x120 to 60x60: cropping shows x 20..140 (2 source pixels each), letterboxing y from -20 to 140 (8/3
  // each).
  const cv::Matx23d crop = warp_matrix({160, 120}, {60, 60}, Resize::crop, {});
  const cv::Matx23d crop_expected{2, 0, 20 + 1 - 0.5, 0, 2, 1 - 0.5};
  const cv::Matx23d box = warp_matrix({160, 120}, {60, 60}, Resize::letterbox, {});
  const double f = 8.0 / 3;
  const cv::Matx23d box_expected{f, 0, f / 2 - 0.5, 0, f, -20 + f / 2 - 0.5};
  for (int i = 0; i < 6; ++i) {
    EXPECT_NEAR(crop.val[i], crop_expected.val[i], 1e-12);
    EXPECT_NEAR(box.val[i], box_expected.val[i], 1e-12);
  }
}

TEST(WarpMatrix, IsTheInverseOfTheStepsOneAfterAnother) {
  AugmentSettings settings;
  settings.affine.scale = {0.5, 2};
  settings.affine.translate = {-0.4, 0.4};
  settings.affine.rotate = {-180, 180};
  settings.random_resized_crop.enabled = true;
  const cv::Size source(171, 128);
  const FrameSize output(112, 96);
  for (std::uint64_t item = 0; item < 200; ++item) {
    KeyedRandom random(4, Purpose::augment, 0, item);
    const Augmentation a = draw_augmentation(settings, random);
    for (const Resize resize : {Resize::stretch, Resize::crop, Resize::letterbox}) {
      const cv::Matx23d m = warp_matrix(source, output, resize, a);
      for (const cv::Point2d& p : {cv::Point2d(0, 0), cv::Point2d(170, 5), cv::Point2d(33.25, 127)}) {
        const cv::Point2d q = forward(p, source, output, resize, a);
        const cv::Vec2d back = m * cv::Vec3d(q.x, q.y, 1);
        ASSERT_NEAR(back[0], p.x, 1e-9 * 171) << item;
        ASSERT_NEAR(back[1], p.y, 1e-9 * 171) << item;
      }
    }
  }
}

TEST(AugmentFrame, IdentityReturnsTheFrame) {
  const cv::Mat frame = noise(37, 29);
  for (const Resize resize : {Resize::stretch, Resize::crop, Resize::letterbox}) {
    for (const Border border : {Border::black, Border::replicate, Border::reflect}) {
      EXPECT_EQ(largest_difference(augmented(frame, size_of(frame), {}, resize, border), frame), 0);
    }
  }
}

TEST(AugmentFrame, FlipMirrorsExactlyAndUndoesItself) {
  const cv::Mat frame = noise(40, 30);
  Augmentation flip;
  flip.flip = true;
  const cv::Mat mirrored = augmented(frame, size_of(frame), flip);
  for (int x = 0; x < 40; ++x) EXPECT_EQ(mirrored.at<Pixel>(7, x), frame.at<Pixel>(7, 39 - x));
  EXPECT_EQ(largest_difference(augmented(mirrored, size_of(frame), flip), frame), 0);
}

TEST(AugmentFrame, QuarterTurnIsCounterClockwise) {
  const cv::Mat frame = noise(32, 32);
  Augmentation turn;
  turn.degrees = 90;
  const cv::Mat turned = augmented(frame, size_of(frame), turn);
  // The top right corner goes to the top left.
  EXPECT_EQ(turned.at<Pixel>(0, 0), frame.at<Pixel>(0, 31));
  for (int i = 0; i < 32; ++i) EXPECT_EQ(turned.at<Pixel>(5, i), frame.at<Pixel>(i, 31 - 5));
}

TEST(AugmentFrame, ShiftMovesTheContentRightAndDown) {
  const cv::Mat frame = noise(40, 20);
  Augmentation shift;
  shift.shift_x = 0.1;   // 4 pixels
  shift.shift_y = 0.25;  // 5 pixels
  const cv::Mat moved = augmented(frame, size_of(frame), shift, Resize::stretch, Border::black);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) {
      ASSERT_EQ(moved.at<Pixel>(y, x), x < 4 || y < 5 ? Pixel() : frame.at<Pixel>(y - 5, x - 4))
          << x << " " << y;
    }
  }
}

TEST(AugmentFrame, BordersAreAsNamed) {
  const cv::Mat frame = noise(20, 10);
  Augmentation shift;
  shift.shift_x = 0.2;  // 4 pixels
  for (const auto& [border, edge] :
       {std::pair{Border::replicate, std::array{0, 0, 0, 0}}, {Border::reflect, std::array{3, 2, 1, 0}}}) {
    const cv::Mat moved = augmented(frame, size_of(frame), shift, Resize::stretch, border);
    for (int x = 0; x < 4; ++x)
      EXPECT_EQ(moved.at<Pixel>(6, x), frame.at<Pixel>(6, edge[static_cast<std::size_t>(x)]));
  }
}

TEST(AugmentFrame, LetterboxBarsAreBlackWhateverTheBorder) {
  const cv::Mat frame(60, 120, CV_8UC3, cv::Scalar(200, 100, 50));
  for (const Border border : {Border::black, Border::replicate, Border::reflect}) {
    const cv::Mat boxed = augmented(frame, {80, 80}, {}, Resize::letterbox, border);
    for (int y = 0; y < 80; ++y) {
      // 120x60 becomes 80x40: rows 20 to 59.
      const Pixel expected = y >= 20 && y < 60 ? Pixel(200, 100, 50) : Pixel();
      for (const int x : {0, 40, 79}) ASSERT_EQ(boxed.at<Pixel>(y, x), expected) << x << " " << y;
    }
  }
}

TEST(AugmentFrame, EnlargingDoesNotDarkenTheEdges) {
  const cv::Mat frame(30, 30, CV_8UC3, cv::Scalar(200, 100, 50));
  const cv::Mat large = augmented(frame, {112, 112}, {}, Resize::stretch, Border::black);
  EXPECT_EQ(largest_difference(large, cv::Mat(112, 112, CV_8UC3, cv::Scalar(200, 100, 50))), 0);
}

TEST(AugmentFrame, BlackStartsWhereTheFrameEnds) {
  const cv::Mat frame(96, 128, CV_8UC3, cv::Scalar::all(255));
  Augmentation a = everything();
  const cv::Mat output = augmented(frame, {64, 80}, a, Resize::stretch, Border::black);
  const cv::Matx23d m = warp_matrix(frame.size(), {64, 80}, Resize::stretch, a);
  int outside = 0;
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 80; ++x) {
      const cv::Vec2d p = m * cv::Vec3d(x, y, 1);
      const bool inside = p[0] >= -0.5 && p[0] <= 127.5 && p[1] >= -0.5 && p[1] <= 95.5;
      ASSERT_EQ(output.at<Pixel>(y, x)[0], inside ? 255 : 0) << x << " " << y;
      outside += !inside;
    }
  }
  EXPECT_GT(outside, 20);
}

TEST(AugmentFrame, PixelsAreBilinear) {
  // A smooth picture, so that the 1/32 pixel steps of warpAffine stay below one level.
  cv::Mat frame(96, 128, CV_8UC3);
  for (int y = 0; y < 96; ++y) {
    for (int x = 0; x < 128; ++x)
      frame.at<Pixel>(y, x) = Pixel(static_cast<uchar>(2 * x), static_cast<uchar>(2 * y),
                                    static_cast<uchar>(128 + 100 * std::sin(0.1 * x) * std::cos(0.08 * y)));
  }
  const FrameSize size(72, 80);
  const cv::Mat output = augmented(frame, size, everything(), Resize::stretch, Border::replicate);
  const auto pixel = [&](int x, int y) {
    return cv::Vec3d(frame.at<Pixel>(std::clamp(y, 0, 95), std::clamp(x, 0, 127)));
  };
  double total = 0;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      // Undo the forward mapping by searching it: independent of warp_matrix. It is affine, so two
      // differences determine it.
      const cv::Point2d o = forward({0, 0}, frame.size(), size, Resize::stretch, everything());
      const cv::Point2d ex = forward({1, 0}, frame.size(), size, Resize::stretch, everything()) - o;
      const cv::Point2d ey = forward({0, 1}, frame.size(), size, Resize::stretch, everything()) - o;
      const double determinant = ex.x * ey.y - ex.y * ey.x;
      const double sx = ((x - o.x) * ey.y - (y - o.y) * ey.x) / determinant;
      const double sy = ((y - o.y) * ex.x - (x - o.x) * ex.y) / determinant;
      const int x0 = static_cast<int>(std::floor(sx)), y0 = static_cast<int>(std::floor(sy));
      const double u = sx - x0, v = sy - y0;
      const cv::Vec3d expected = (pixel(x0, y0) * (1 - u) + pixel(x0 + 1, y0) * u) * (1 - v) +
                                 (pixel(x0, y0 + 1) * (1 - u) + pixel(x0 + 1, y0 + 1) * u) * v;
      for (int c = 0; c < 3; ++c) {
        const double difference = std::abs(output.at<Pixel>(y, x)[c] - expected[c]);
        ASSERT_LE(difference, 1) << x << " " << y;
        total += difference;
      }
    }
  }
  EXPECT_LT(total / (3 * 72 * 80), 0.35);  // 0.25 is rounding alone
}

TEST(ColorJitter, MatricesDoWhatTheyAreNamed) {
  const auto apply = [](const cv::Matx34f& m, cv::Vec3d p) {
    return cv::Vec3d(cv::Matx34d(m) * cv::Vec4d(p[0], p[1], p[2], 1));
  };
  const auto near = [](const cv::Vec3d& a, const cv::Vec3d& b) { return cv::norm(a - b) < 2e-3; };
  const cv::Vec3d p(40, 100, 220);
  EXPECT_TRUE(near(apply(brightness_matrix(1.5), p), {60, 150, 330}));
  EXPECT_TRUE(near(apply(contrast_matrix(0.5), p), {83.75, 113.75, 173.75}));
  const double luma = 0.299 * 40 + 0.587 * 100 + 0.114 * 220;
  EXPECT_TRUE(near(apply(saturation_matrix(0), p), {luma, luma, luma}));
  EXPECT_TRUE(near(apply(saturation_matrix(2), p), {80 - luma, 200 - luma, 440 - luma}));
  for (const auto& identity :
       {brightness_matrix(1), contrast_matrix(1), saturation_matrix(1), hue_matrix(0), hue_matrix(1)}) {
    EXPECT_TRUE(near(apply(identity, p), p));
  }
  // NumPy: solve(M, R @ M @ p), with M from RGB to YIQ in six digits and R turning I and Q by 90 degrees.
  // With M from its definition, B-Y and R-Y scaled and turned by 33 degrees, it agrees within 0.01.
  const cv::Vec3d turned = apply(hue_matrix(0.25), p);
  EXPECT_LT(cv::norm(turned, cv::Vec3d(26.02971, 150.54432, -3.61756), cv::NORM_INF), 1e-3);
  EXPECT_TRUE(near(apply(hue_matrix(0.5), p), apply(hue_matrix(0.25), turned)));
  EXPECT_TRUE(near(apply(hue_matrix(0.3), {90, 90, 90}), {90, 90, 90})) << "grey has no hue";
  const cv::Vec3d opposite = apply(hue_matrix(0.5), p);
  EXPECT_TRUE(near((opposite + p) / 2, {luma, luma, luma})) << "half a circle mirrors the chrominance";
}

TEST(ColorJitter, ComposesFromLeftToRight) {
  const cv::Vec4d p(40, 100, 220, 1);
  const cv::Vec3d contrasted = cv::Matx34d(contrast_matrix(0.7)) * p;
  const cv::Vec3d expected =
      cv::Matx34d(saturation_matrix(1.3)) * cv::Vec4d(contrasted[0], contrasted[1], contrasted[2], 1);
  const cv::Vec3d both = cv::Matx34d(compose_color(contrast_matrix(0.7), saturation_matrix(1.3))) * p;
  EXPECT_LT(cv::norm(both - expected), 1e-5 * cv::norm(expected));
}

TEST(ColorJitter, IsAppliedToEveryPixelAndSaturates) {
  const cv::Mat frame = noise(33, 21);
  Augmentation a;
  a.changes_color = true;
  a.color = compose_color(compose_color(brightness_matrix(1.3), contrast_matrix(1.2)),
                          compose_color(saturation_matrix(0.6), hue_matrix(0.1)));
  const cv::Mat output = augmented(frame, size_of(frame), a);
  for (int y = 0; y < frame.rows; ++y) {
    for (int x = 0; x < frame.cols; ++x) {
      const Pixel p = frame.at<Pixel>(y, x);
      const cv::Vec3d expected = cv::Matx34d(a.color) * cv::Vec4d(p[0], p[1], p[2], 1);
      for (int c = 0; c < 3; ++c) {
        // OpenCV rounds the coefficients to 1/1024.
        ASSERT_NEAR(output.at<Pixel>(y, x)[c], std::clamp(expected[c], 0.0, 255.0), 0.9) << x << " " << y;
      }
    }
  }
}

TEST(ColorJitter, ChangesGreyFramesAsItChangesTheirBrightness) {
  cv::Mat grey(noise(33, 21).size(), CV_8UC1), rgb;
  cv::randu(grey, 0, 256);
  cv::merge(std::vector<cv::Mat>{grey, grey, grey}, rgb);
  Augmentation a;
  a.changes_color = true;
  a.color = compose_color(compose_color(brightness_matrix(0.8), contrast_matrix(1.1)),
                          compose_color(saturation_matrix(0.6), hue_matrix(0.1)));
  a.degrees = 20;
  a.shift_x = 0.3;
  for (const Border border : {Border::black, Border::reflect}) {
    cv::Mat output(grey.size(), CV_8UC1), expected(grey.size(), CV_8UC3), brightness;
    augment_frame(grey, size_of(grey), Resize::stretch, border, a, output);
    augment_frame(rgb, size_of(rgb), Resize::stretch, border, a, expected);
    cv::cvtColor(expected, brightness, cv::COLOR_RGB2GRAY);
    EXPECT_LE(cv::norm(output, brightness, cv::NORM_INF), 2);
  }
}

TEST(DrawAugmentation, StaysInItsRangesAndFillsThem) {
  AugmentSettings settings;
  settings.horizontal_flip = 0.3;
  settings.affine.scale = {0.8, 1.2};
  settings.affine.translate = {-0.2, 0.1};
  settings.affine.rotate = {-45, 30};
  settings.random_resized_crop.enabled = true;
  settings.random_resized_crop.scale = {0.3, 0.9};
  settings.random_resized_crop.ratio = {0.75, 4.0 / 3};
  int flips = 0, equal_scales = 0;
  double least_area = 1, greatest_area = 0, log_ratios = 0, degrees = 0;
  constexpr int kDraws = 4000;
  for (std::uint64_t item = 0; item < kDraws; ++item) {
    KeyedRandom random(1, Purpose::augment, 2, item);
    const Augmentation a = draw_augmentation(settings, random);
    flips += a.flip;
    equal_scales += a.scale_x == a.scale_y;
    for (const double scale : {a.scale_x, a.scale_y}) ASSERT_TRUE(scale >= 0.8 && scale < 1.2);
    for (const double shift : {a.shift_x, a.shift_y}) ASSERT_TRUE(shift >= -0.2 && shift < 0.1);
    ASSERT_TRUE(a.degrees >= -45 && a.degrees < 30);
    degrees += a.degrees;
    ASSERT_TRUE(a.crop.x >= 0 && a.crop.y >= 0 && a.crop.br().x <= 1 + 1e-12 && a.crop.br().y <= 1 + 1e-12);
    ASSERT_TRUE(a.crop.area() > 0.3 - 1e-12 && a.crop.area() < 0.9 + 1e-12);
    const double ratio = a.crop.width / a.crop.height;
    ASSERT_TRUE(ratio > 0.75 - 1e-12 && ratio < 4.0 / 3 + 1e-12);
    log_ratios += std::log(ratio);
    least_area = std::min(least_area, a.crop.area());
    greatest_area = std::max(greatest_area, a.crop.area());
    EXPECT_TRUE(a.changes_color);
  }
  // Five standard deviations each.
  EXPECT_NEAR(flips, 0.3 * kDraws, 145);
  EXPECT_NEAR(degrees / kDraws, -7.5, 1.7);
  EXPECT_NEAR(log_ratios / kDraws, 0, 0.014);
  EXPECT_LT(least_area, 0.31);
  EXPECT_GT(greatest_area, 0.85);
  EXPECT_EQ(equal_scales, 0);
}

TEST(DrawAugmentation, CropThatFitsNowhereFallsBackToTheCentre) {
  AugmentSettings settings;
  settings.random_resized_crop.enabled = true;
  settings.random_resized_crop.scale = {1, 1};
  settings.random_resized_crop.ratio = {2, 2};  // full area at ratio 2 is wider than the frame
  KeyedRandom random(1, Purpose::augment);
  const cv::Rect2d crop = draw_augmentation(settings, random).crop;
  EXPECT_NEAR(crop.x, 0, 1e-12);
  EXPECT_NEAR(crop.y, 0.25, 1e-12);
  EXPECT_NEAR(crop.width, 1, 1e-12);
  EXPECT_NEAR(crop.height, 0.5, 1e-12);
}

TEST(DrawAugmentation, IsAPureFunctionOfTheKey) {
  const auto draw = [](std::uint64_t item) {
    KeyedRandom random(1, Purpose::augment, 0, item);
    return draw_augmentation(AugmentSettings(), random);
  };
  EXPECT_EQ(draw(5).degrees, draw(5).degrees);
  EXPECT_NE(draw(5).degrees, draw(6).degrees);
}

TEST(DrawAugmentation, DisabledOrEmptyRangesChangeNothing) {
  AugmentSettings disabled;
  disabled.enabled = false;
  AugmentSettings empty;
  empty.horizontal_flip = 0;
  empty.affine.scale = {1, 1};
  empty.affine.translate = {0, 0};
  empty.affine.rotate = {0, 0};
  empty.color_jitter.brightness = empty.color_jitter.contrast = empty.color_jitter.saturation = 0;
  const cv::Mat frame = noise(24, 18);
  for (const AugmentSettings& settings : {disabled, empty}) {
    KeyedRandom random(1, Purpose::augment);
    const Augmentation a = draw_augmentation(settings, random);
    EXPECT_FALSE(a.changes_color);
    EXPECT_EQ(largest_difference(augmented(frame, size_of(frame), a), frame), 0);
  }
}

}  // namespace
}  // namespace actrec
