#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "core/random.h"

namespace actrec {

constexpr int kFrameWidth = 160, kFrameHeight = 120;  // of the finished frame, pixels
constexpr int kOversampling = 2;                      // everything is drawn this much larger, then reduced

// A still room or landscape, larger than the frame so that the camera may move. Drawn once a clip.
class Background {
 public:
  // `floor_y`: the row of the finished frame at which a figure stands. `clothes`: the colours to keep
  // the wall apart from.
  Background(double floor_y, const cv::Scalar clothes[], int clothes_count, KeyedRandom& random);

  // 8-bit BGR, kOversampling times the frame. `camera` maps the scene's pixels to those of the result.
  cv::Mat seen_by(const cv::Matx23d& camera) const;

 private:
  cv::Mat canvas_;
};

// A hand-held camera: slow pan and zoom, shake. Start and end of the drift are exchangeable, so a clip
// played backwards is as likely as the clip.
class Camera {
 public:
  explicit Camera(KeyedRandom& random);

  // `time`: 0 at the first frame, 1 at the last. Maps oversampled scene pixels to oversampled pixels.
  cv::Matx23d at(double time) const;

 private:
  cv::Point2d pan_[2];  // finished pixels, at the two ends
  double zoom_[2];
  double roll_;
  double shake_, frequency_[3], angle_[3];
};

// Exposure and noise of the camera's sensor.
class Sensor {
 public:
  explicit Sensor(KeyedRandom& random);

  // Reduces an oversampled picture to a frame (8-bit BGR, kFrameWidth x kFrameHeight). Every frame has
  // its own noise.
  cv::Mat expose(const cv::Mat& picture, double time, int frame) const;

 private:
  double gain_[2];  // at the two ends of the clip
  cv::Scalar tint_;
  double noise_;
  std::uint64_t noise_seed_;
};

}  // namespace actrec
