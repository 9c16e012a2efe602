#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

namespace actrec {

// What a clip looks like, coarsely: its frames in grey, reduced to 10x10 cells, averaged over 6 equal parts
// of the clip's length, brought to mean 0 and deviation 1 and rounded. Copies in another size, frame rate,
// quality or brightness have nearly the same numbers.
struct PerceptualHash {
  static constexpr int kSide = 10, kParts = 6, kCells = kSide * kSide;
  std::array<std::int8_t, std::size_t{kParts} * kCells> values{};  // [part][row][column], 32 a deviation

  std::string hex() const;  // two digits a value
  static std::optional<PerceptualHash> parse(const std::string& hex);
  PerceptualHash mirrored() const;  // of the clip's mirror image
};

// Collects the frames of a clip. Memory grows by 400 bytes a frame.
class PerceptualHasher {
 public:
  void add(const cv::Mat& frame);  // uint8 RGB [height, width, 3]; in order
  // Nothing where no frame was added.
  std::optional<PerceptualHash> hash() const;

 private:
  using Cells = std::array<float, PerceptualHash::kCells>;
  std::vector<Cells> frames_;
};

// Finds clips that look alike. Two clips are near-duplicates when their scenes (the mean over time) and their
// motion (what differs from that mean, over space and time) both correlate: fixed cameras show one scene to
// all clips of a recording, so that it alone says nothing. Thresholds were measured on 60 clips of ten
// recordings (UT-Interaction), 164 of drawn skeletons and 224 rendered ones: among different clips with such
// a scene the motion correlates by less than 0.6; copies in H.264 at CRF 35 and 60 % of the size stay above
// 0.84.
class LookAlike {
 public:
  explicit LookAlike(const PerceptualHash& hash);
  bool is_near_duplicate(const LookAlike& other) const;

  double scene_correlation(const LookAlike& other) const;   // -1..1; 0 for a blank clip
  double motion_correlation(const LookAlike& other) const;  // -1..1; 0 for a clip without motion

 private:
  bool is_still() const;

  std::array<std::int16_t, PerceptualHash::kCells> scene_{};  // of length 4096
  std::array<std::int16_t, std::tuple_size_v<decltype(PerceptualHash::values)>> motion_{};
  double scene_length_ = 0, motion_length_ = 0;  // as in the hash
};

}  // namespace actrec
