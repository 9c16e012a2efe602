#include "demo/scene.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace actrec {
namespace {

constexpr int kMargin = 28;  // finished pixels around the frame that a moving camera may show
constexpr int kCanvasWidth = (kFrameWidth + 2 * kMargin) * kOversampling;
constexpr int kCanvasHeight = (kFrameHeight + 2 * kMargin) * kOversampling;

cv::Scalar random_colour(KeyedRandom& random, double low, double high) {
  const double grey = random.uniform(low, high);
  const double spread = random.uniform(5, 20);
  cv::Scalar colour;
  for (int c = 0; c < 3; ++c) colour[c] = std::clamp(grey + random.uniform(-spread, spread), 0.0, 255.0);
  return colour;
}

double distance(const cv::Scalar& a, const cv::Scalar& b) { return cv::norm(a - b); }

// A wall colour that the clothes stand out from.
cv::Scalar wall_colour(const cv::Scalar clothes[], int count, KeyedRandom& random) {
  constexpr double kFarEnough = 75;
  cv::Scalar best;
  double best_distance = -1;
  for (int attempt = 0; attempt < 24 && best_distance < kFarEnough; ++attempt) {
    const cv::Scalar colour = random_colour(random, 160, 225);
    double nearest = 1e9;
    for (int i = 0; i < count; ++i) nearest = std::min(nearest, distance(colour, clothes[i]));
    if (nearest > best_distance) {
      best_distance = nearest;
      best = colour;
    }
  }
  return best;
}

void vertical_gradient(cv::Mat& area, const cv::Scalar& top, const cv::Scalar& bottom) {
  for (int y = 0; y < area.rows; ++y) {
    const double t = static_cast<double>(y) / std::max(1, area.rows - 1);
    area.row(y).setTo(top * (1 - t) + bottom * t);
  }
}

// Soft blotches, as of plaster or grass.
void add_texture(cv::Mat& area, double strength, int grain, KeyedRandom& random) {
  cv::Mat coarse(std::max(2, area.rows / grain), std::max(2, area.cols / grain), CV_32FC3);
  cv::RNG(random.next64()).fill(coarse, cv::RNG::NORMAL, 0.0, strength);
  cv::Mat grey;
  cv::cvtColor(coarse, grey, cv::COLOR_BGR2GRAY);
  cv::Mat blotches;
  cv::resize(grey, blotches, area.size(), 0, 0, cv::INTER_CUBIC);
  cv::cvtColor(blotches, blotches, cv::COLOR_GRAY2BGR);
  cv::Mat sum;
  cv::add(area, blotches, sum, cv::noArray(), CV_8UC3);
  sum.copyTo(area);
}

void add_wall_object(cv::Mat& canvas, double horizon, const cv::Scalar& wall, KeyedRandom& random) {
  const int x = static_cast<int>(random.uniform(0, kCanvasWidth));
  const int width = static_cast<int>(random.uniform(30, 90));
  const cv::Scalar colour = wall * 0.75 + random_colour(random, 80, 220) * 0.25;
  switch (random.below(4)) {
    case 0: {  // a picture or window
      const int y = static_cast<int>(random.uniform(20, horizon * 0.45));
      const cv::Rect frame(x, y, width, static_cast<int>(random.uniform(30, 80)));
      cv::rectangle(canvas, frame, wall * 0.6, cv::FILLED);
      cv::rectangle(canvas, frame - cv::Size(8, 8) + cv::Point(4, 4), colour, cv::FILLED);
      break;
    }
    case 1: {  // a cupboard or house
      const int top = static_cast<int>(random.uniform(0.35, 0.75) * horizon);
      cv::rectangle(canvas, cv::Rect(x, top, width, static_cast<int>(horizon) - top), colour, cv::FILLED);
      cv::line(canvas, {x + width / 2, top}, {x + width / 2, static_cast<int>(horizon)}, colour * 0.8, 2);
      break;
    }
    case 2: {  // a plant or tree
      const int top = static_cast<int>(random.uniform(0.45, 0.7) * horizon);
      cv::line(canvas, {x, top}, {x, static_cast<int>(horizon)}, wall * 0.5, 5, cv::LINE_AA);
      for (int leaf = 0; leaf < 5; ++leaf) {
        const cv::Point centre(x + static_cast<int>(random.uniform(-22, 22)),
                               top + static_cast<int>(random.uniform(-22, 22)));
        const cv::Scalar green(40, random.uniform(90, 150), 60);
        cv::circle(canvas, centre, 15, wall * 0.3 + green * 0.7, cv::FILLED, cv::LINE_AA);
      }
      break;
    }
    default: {  // a pillar, curtain or pole
      cv::rectangle(canvas, cv::Rect(x, 0, width / 3 + 4, static_cast<int>(horizon)), colour, cv::FILLED);
      break;
    }
  }
}

}  // namespace

Background::Background(double floor_y, const cv::Scalar clothes[], int clothes_count, KeyedRandom& random)
    : canvas_(kCanvasHeight, kCanvasWidth, CV_8UC3) {
  const int horizon = static_cast<int>((floor_y + kMargin - random.uniform(8, 26)) * kOversampling);
  cv::Mat wall = canvas_.rowRange(0, horizon), floor = canvas_.rowRange(horizon, kCanvasHeight);
  const cv::Scalar wall_base = wall_colour(clothes, clothes_count, random);
  vertical_gradient(wall, wall_base * random.uniform(0.92, 1.1), wall_base * random.uniform(0.92, 1.1));
  const cv::Scalar floor_base = wall_colour(clothes, clothes_count, random);
  vertical_gradient(floor, floor_base * random.uniform(0.8, 1.0), floor_base * 0.9);
  add_texture(wall, random.uniform(0, 6), 6 + static_cast<int>(random.below(30)), random);
  add_texture(floor, random.uniform(0, 8), 4 + static_cast<int>(random.below(16)), random);
  for (std::uint64_t left = random.below(4); left > 0; --left) {
    add_wall_object(canvas_, horizon, wall_base, random);
  }
  if (random.chance(0.5)) cv::line(canvas_, {0, horizon}, {kCanvasWidth, horizon}, wall_base * 0.6, 4);
  cv::GaussianBlur(canvas_, canvas_, {0, 0}, random.uniform(0.8, 2.5));
}

cv::Mat Background::seen_by(const cv::Matx23d& camera) const {
  cv::Matx23d from_canvas = camera;
  const double margin = kMargin * kOversampling;
  from_canvas(0, 2) -= camera(0, 0) * margin + camera(0, 1) * margin;
  from_canvas(1, 2) -= camera(1, 0) * margin + camera(1, 1) * margin;
  cv::Mat picture;
  cv::warpAffine(canvas_, picture, from_canvas, {kFrameWidth * kOversampling, kFrameHeight * kOversampling},
                 cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return picture;
}

Camera::Camera(KeyedRandom& random) {
  for (int end = 0; end < 2; ++end) {
    pan_[end] = {random.uniform(-3, 3), random.uniform(-2, 2)};
    zoom_[end] = random.uniform(0.97, 1.05);
  }
  roll_ = random.uniform(-0.04, 0.04);
  shake_ = random.uniform(0.0, 0.8);
  for (int i = 0; i < 3; ++i) {
    frequency_[i] = random.uniform(1, 5);
    angle_[i] = random.uniform(0, 2 * CV_PI);
  }
}

cv::Matx23d Camera::at(double time) const {
  const auto wobble = [&](int i) { return shake_ * std::sin(2 * CV_PI * frequency_[i] * time + angle_[i]); };
  const double zoom = zoom_[0] * (1 - time) + zoom_[1] * time;
  const double roll = roll_ + 0.006 * wobble(2);
  const cv::Point2d shift =
      (pan_[0] * (1 - time) + pan_[1] * time + cv::Point2d(wobble(0), wobble(1))) * kOversampling;
  const double c = zoom * std::cos(roll), s = zoom * std::sin(roll);
  const double x = kFrameWidth * kOversampling / 2.0, y = kFrameHeight * kOversampling / 2.0;
  return {c, -s, x - c * x + s * y + shift.x, s, c, y - s * x - c * y + shift.y};
}

Sensor::Sensor(KeyedRandom& random) {
  const double gain = random.uniform(0.88, 1.08);
  for (double& end : gain_) end = gain * random.uniform(0.95, 1.05);
  for (int c = 0; c < 3; ++c) tint_[c] = random.uniform(0.93, 1.07);
  noise_ = random.uniform(1, 4);
  noise_seed_ = random.next64();
}

cv::Mat Sensor::expose(const cv::Mat& picture, double time, int frame) const {
  cv::Mat reduced;
  cv::resize(picture, reduced, {kFrameWidth, kFrameHeight}, 0, 0, cv::INTER_AREA);
  cv::Mat noise(reduced.size(), CV_32FC3);
  cv::RNG(noise_seed_ + static_cast<std::uint64_t>(frame) * 0x9e3779b97f4a7c15ULL)
      .fill(noise, cv::RNG::NORMAL, 0.0, noise_);
  const double gain = gain_[0] * (1 - time) + gain_[1] * time;
  cv::Mat exposed;
  cv::multiply(reduced, tint_ * gain, exposed, 1, CV_32F);
  exposed += noise;
  cv::Mat result;
  exposed.convertTo(result, CV_8U);
  return result;
}

}  // namespace actrec
