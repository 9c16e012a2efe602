#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace actrec {

enum class FrameEncoding : std::uint32_t { raw = 0, jpeg = 1 };

// How frames are stored. Part of what decides the pixels that the network sees: JPEG changes them a little.
struct FrameFormat {
  FrameEncoding encoding = FrameEncoding::raw;
  int quality = 95;  // of JPEG, 1..100
};

// The frame, uint8 RGB [height, width, 3], as bytes: its rows one after another, or a JPEG image. `bytes` is
// overwritten; reuse it to save allocations.
void encode_frame(const cv::Mat& frame, const FrameFormat& format, std::vector<std::uint8_t>& bytes);

// The frame of that size in the bytes, uint8 RGB [height, width, 3]: a view of `bytes` for raw frames, which
// must outlive it; else written to `buffer`, which is reused where its size fits. Throws Error for bytes that
// are no such frame.
cv::Mat decode_frame(const std::uint8_t* bytes, std::size_t count, FrameEncoding encoding, cv::Size size,
                     cv::Mat& buffer);

}  // namespace actrec
