#include "data/perceptual_hash.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <opencv2/imgproc.hpp>

#include "core/vectorize.h"

namespace actrec {
namespace {

constexpr double kScale = 32;     // numbers a deviation
constexpr double kLength = 4096;  // of the vectors that are compared
constexpr double kSceneAlike = 0.97, kMotionAlike = 0.75;
// Without motion to compare, the scene has to be the same picture.
constexpr double kStill = 0.02, kSamePicture = 0.99;

ACTREC_VECTORIZE
std::int32_t dot(const std::int16_t* a, const std::int16_t* b, std::size_t count) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::int32_t{a[i]} * b[i];
  return sum;
}

// `values` scaled to kLength; returns the length before.
template <typename Values, typename Scaled>
double scale_to_length(const Values& values, Scaled& scaled) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  const double length = std::sqrt(squares);
  if (length == 0) return 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    scaled[i] = static_cast<std::int16_t>(std::lround(values[i] * kLength / length));
  return length;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::string PerceptualHash::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * values.size());
  for (const std::int8_t value : values) {
    const auto byte = static_cast<std::uint8_t>(value);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<PerceptualHash> PerceptualHash::parse(const std::string& hex) {
  PerceptualHash hash;
  if (hex.size() != 2 * hash.values.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.values.size(); ++i) {
    const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash.values[i] = static_cast<std::int8_t>(high * 16 + low);
  }
  return hash;
}

PerceptualHash PerceptualHash::mirrored() const {
  PerceptualHash mirror = *this;
  for (std::size_t row = 0; row < mirror.values.size(); row += kSide) {
    const auto begin = mirror.values.begin() + static_cast<std::ptrdiff_t>(row);
    std::reverse(begin, begin + kSide);
  }
  return mirror;
}

void PerceptualHasher::add(const cv::Mat& frame) {
  cv::Mat grey, reduced;
  cv::cvtColor(frame, grey, cv::COLOR_RGB2GRAY);
  grey.convertTo(grey, CV_32F);
  cv::resize(grey, reduced, {PerceptualHash::kSide, PerceptualHash::kSide}, 0, 0, cv::INTER_AREA);
  frames_.emplace_back();
  std::copy(reduced.begin<float>(), reduced.end<float>(), frames_.back().begin());
}

std::optional<PerceptualHash> PerceptualHasher::hash() const {
  if (frames_.empty()) return std::nullopt;
  constexpr std::size_t kParts = PerceptualHash::kParts, kCells = PerceptualHash::kCells;
  // Part k is frames [k, k + 1) * count / kParts, with shares of the frames at its ends.
  std::array<double, kParts * kCells> means{};
  const double length = static_cast<double>(frames_.size()) / kParts;
  for (std::size_t part = 0; part < kParts; ++part) {
    const double begin = static_cast<double>(part) * length, end = begin + length;
    for (auto i = static_cast<std::size_t>(begin); i < frames_.size() && static_cast<double>(i) < end; ++i) {
      const auto place = static_cast<double>(i);
      const double share = (std::min(end, place + 1) - std::max(begin, place)) / length;
      for (std::size_t cell = 0; cell < kCells; ++cell)
        means[part * kCells + cell] += share * frames_[i][cell];
    }
  }
  double sum = 0, squares = 0;
  for (const double value : means) sum += value;
  const double mean = sum / static_cast<double>(means.size());
  for (const double value : means) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(means.size()));
  PerceptualHash hash;
  if (deviation < 0.5) return hash;  // a blank clip: what is left is noise
  for (std::size_t i = 0; i < means.size(); ++i)
    hash.values[i] = static_cast<std::int8_t>(
        std::clamp(std::lround(kScale * (means[i] - mean) / deviation), -127L, 127L));
  return hash;
}

LookAlike::LookAlike(const PerceptualHash& hash) {
  constexpr std::size_t kParts = PerceptualHash::kParts, kCells = PerceptualHash::kCells;
  std::array<double, kCells> over_time{}, scene{};
  for (std::size_t i = 0; i < hash.values.size(); ++i)
    over_time[i % kCells] += static_cast<double>(hash.values[i]) / kParts;
  double mean = 0;
  for (const double value : over_time) mean += value / kCells;
  for (std::size_t cell = 0; cell < kCells; ++cell) scene[cell] = over_time[cell] - mean;
  std::array<double, kParts * kCells> motion{};
  for (std::size_t i = 0; i < motion.size(); ++i) motion[i] = hash.values[i] - over_time[i % kCells];
  scene_length_ = scale_to_length(scene, scene_);
  motion_length_ = scale_to_length(motion, motion_);
}

double LookAlike::scene_correlation(const LookAlike& other) const {
  return dot(scene_.data(), other.scene_.data(), scene_.size()) / (kLength * kLength);
}

double LookAlike::motion_correlation(const LookAlike& other) const {
  return dot(motion_.data(), other.motion_.data(), motion_.size()) / (kLength * kLength);
}

bool LookAlike::is_still() const {
  return motion_length_ < kStill * scene_length_ * std::sqrt(double{PerceptualHash::kParts});
}

bool LookAlike::is_near_duplicate(const LookAlike& other) const {
  const double scene = scene_correlation(other);
  if (scene < kSceneAlike) return false;
  if (is_still() && other.is_still()) return scene >= kSamePicture;
  return motion_correlation(other) >= kMotionAlike;
}

}  // namespace actrec
