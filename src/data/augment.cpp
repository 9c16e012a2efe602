#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "data/color_jitter.h"

namespace actrec {
namespace {

double draw(const Range& range, KeyedRandom& random) { return random.uniform(range.low, range.high); }

// As torchvision's RandomResizedCrop, in fractions of the frame, so that the ratio is relative to it.
cv::Rect2d draw_crop(const RandomResizedCropSettings& settings, KeyedRandom& random) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    const double area = draw(settings.scale, random);
    const double ratio =
        std::exp(random.uniform(std::log(settings.ratio.low), std::log(settings.ratio.high)));
    const double width = std::sqrt(area * ratio);
    const double height = std::sqrt(area / ratio);
    if (width > 1 || height > 1) continue;
    const double x = random.uniform(0, 1 - width);
    const double y = random.uniform(0, 1 - height);
    return {x, y, width, height};
  }
  // The largest centred part with an allowed ratio.
  const double ratio = std::clamp(1.0, settings.ratio.low, settings.ratio.high);
  const double width = std::min(1.0, ratio);
  const double height = std::min(1.0, 1 / ratio);
  return {(1 - width) / 2, (1 - height) / 2, width, height};
}

void draw_color(const ColorJitterSettings& settings, KeyedRandom& random, Augmentation& augmentation) {
  const double brightness = random.uniform(1 - settings.brightness, 1 + settings.brightness);
  const double contrast = random.uniform(1 - settings.contrast, 1 + settings.contrast);
  const double saturation = random.uniform(1 - settings.saturation, 1 + settings.saturation);
  const double hue = random.uniform(-settings.hue, settings.hue);
  augmentation.changes_color = brightness != 1 || contrast != 1 || saturation != 1 || hue != 0;
  if (!augmentation.changes_color) return;
  augmentation.color = compose_color(compose_color(brightness_matrix(brightness), contrast_matrix(contrast)),
                                     compose_color(saturation_matrix(saturation), hue_matrix(hue)));
}

cv::Matx33d translation(double x, double y) { return {1, 0, x, 0, 1, y, 0, 0, 1}; }
cv::Matx33d scaling(double x, double y) { return {x, 0, 0, 0, y, 0, 0, 0, 1}; }

// Output to the cropped part of the source, both as continuous coordinates from their top left corners.
cv::Matx33d fit(double part_width, double part_height, FrameSize output, Resize resize) {
  const double x = part_width / output.width;
  const double y = part_height / output.height;
  if (resize == Resize::stretch) return scaling(x, y);
  const double both = resize == Resize::crop ? std::min(x, y) : std::max(x, y);
  return translation(part_width / 2, part_height / 2) * scaling(both, both) *
         translation(-output.width / 2.0, -output.height / 2.0);
}

// Undoes scale, rotation and shift about the output's centre.
cv::Matx33d unmove(const Augmentation& augmentation, FrameSize output) {
  const double angle = augmentation.degrees * CV_PI / 180;
  const double c = std::cos(angle), s = std::sin(angle);
  const double centre_x = output.width / 2.0, centre_y = output.height / 2.0;
  // With y pointing down, this turns clockwise as seen: the content then turns counter-clockwise.
  const cv::Matx33d turn_back{c, -s, 0, s, c, 0, 0, 0, 1};
  return translation(centre_x, centre_y) * scaling(1 / augmentation.scale_x, 1 / augmentation.scale_y) *
         turn_back *
         translation(-centre_x - augmentation.shift_x * output.width,
                     -centre_y - augmentation.shift_y * output.height);
}

// Where low <= a x + b <= high, as a half-open range of whole x within [0, width).
void narrow(double a, double b, double low, double high, int& begin, int& end) {
  if (a == 0) {
    if (b < low || b > high) end = begin;
    return;
  }
  double first = (low - b) / a, last = (high - b) / a;
  if (first > last) std::swap(first, last);
  const double width = end;
  begin = std::max(begin, static_cast<int>(std::ceil(std::clamp(first, 0.0, width))));
  end = std::min(end, static_cast<int>(std::floor(std::clamp(last, -1.0, width))) + 1);
  if (end < begin) end = begin;
}

// Blackens the pixels whose source position lies outside the source frame. warpAffine's own constant
// border would also darken the outermost half pixel of frames that are enlarged.
template <typename Pixel>
void blacken_outside(const cv::Matx23d& m, cv::Size source, cv::Mat& output) {
  constexpr double kSlack = 1e-9;  // rounding must not cost a row of a frame that exactly fits
  const double low = -0.5 - kSlack;
  for (int y = 0; y < output.rows; ++y) {
    int begin = 0, end = output.cols;
    narrow(m(0, 0), m(0, 1) * y + m(0, 2), low, source.width - 0.5 + kSlack, begin, end);
    narrow(m(1, 0), m(1, 1) * y + m(1, 2), low, source.height - 0.5 + kSlack, begin, end);
    auto* row = output.ptr<Pixel>(y);
    std::fill(row, row + begin, Pixel());
    std::fill(row + end, row + output.cols, Pixel());
  }
}

// What a change of colours does to the brightness (Rec. 601 luma) of grey pixels.
void change_brightness(const cv::Matx34f& color, cv::Mat& grey) {
  const cv::Matx13f luma(0.299F, 0.587F, 0.114F);
  const cv::Matx14f change = luma * color;
  grey.convertTo(grey, CV_8U, change(0, 0) + change(0, 1) + change(0, 2), change(0, 3));
}

}  // namespace

Augmentation draw_augmentation(const AugmentSettings& settings, KeyedRandom& random) {
  Augmentation augmentation;
  if (!settings.enabled) return augmentation;
  augmentation.flip = random.chance(settings.horizontal_flip);
  augmentation.scale_x = draw(settings.affine.scale, random);
  augmentation.scale_y = draw(settings.affine.scale, random);
  augmentation.shift_x = draw(settings.affine.translate, random);
  augmentation.shift_y = draw(settings.affine.translate, random);
  augmentation.degrees = draw(settings.affine.rotate, random);
  draw_color(settings.color_jitter, random, augmentation);
  // Last, because it takes a varying number of draws.
  if (settings.random_resized_crop.enabled)
    augmentation.crop = draw_crop(settings.random_resized_crop, random);
  return augmentation;
}

cv::Matx23d warp_matrix(cv::Size source, FrameSize output, Resize resize, const Augmentation& augmentation) {
  const cv::Rect2d& crop = augmentation.crop;
  const cv::Matx33d unflip =
      augmentation.flip ? cv::Matx33d{-1, 0, 1.0 * output.width, 0, 1, 0, 0, 0, 1} : cv::Matx33d::eye();
  // Right to left: output pixel centres to continuous coordinates, then every step undone from the last
  // to the first, then back to pixel centres.
  const cv::Matx33d m = translation(crop.x * source.width - 0.5, crop.y * source.height - 0.5) *
                        fit(crop.width * source.width, crop.height * source.height, output, resize) *
                        unmove(augmentation, output) * unflip * translation(0.5, 0.5);
  return {m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2)};
}

void augment_frame(const cv::Mat& frame, FrameSize size, Resize resize, Border border,
                   const Augmentation& augmentation, cv::Mat& output) {
  const cv::Matx23d matrix = warp_matrix(frame.size(), size, resize, augmentation);
  const bool black = border == Border::black || resize == Resize::letterbox;
  const int mode = border == Border::reflect && !black ? cv::BORDER_REFLECT : cv::BORDER_REPLICATE;
  cv::warpAffine(frame, output, matrix, cv::Size(size.width, size.height),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, mode);
  const bool grey = frame.channels() == 1;
  if (black && grey) blacken_outside<std::uint8_t>(matrix, frame.size(), output);
  if (black && !grey) blacken_outside<cv::Vec3b>(matrix, frame.size(), output);
  if (augmentation.changes_color && grey) change_brightness(augmentation.color, output);
  if (augmentation.changes_color && !grey) cv::transform(output, output, augmentation.color);
}

}  // namespace actrec
