#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

namespace actrec {

// A plane of a frame, 8 bits a sample. A sample covers across x down pixels of the frame: 1x1 in brightness,
// 2x2 in the colours of 4:2:0. The samples cover the frame, the last ones may reach beyond it.
struct Plane {
  const std::uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;  // bytes from row to row
  int across = 1, down = 1;
};

// A frame as most decoders give it, with the numbers of its conversion to RGB (each within -4 .. 4):
//     R = luma (Y - black) + red_v (V - 128)
//     G = luma (Y - black) - green_u (U - 128) - green_v (V - 128)
//     B = luma (Y - black) + blue_u (U - 128)
struct YuvFrame {
  cv::Size size;  // in pixels
  Plane y, u, v;
  int black = 16;
  double luma = 0, red_v = 0, green_u = 0, green_v = 0, blue_u = 0;
};

// The frame made smaller by averaging over the area that each new pixel covers, uint8 RGB [h, w, 3]: what
// reduce_by_area() gives of the frame in RGB, but that planes are reduced before they are converted, with
// 8-bit weights, which is several times faster. Levels differ by less than one on average, and by 4 at most
// where RGB holds all the colours of the frame. The same bits on every processor. `size` is at least 1x1 and
// at most the frame's size.
cv::Mat reduce_yuv(const YuvFrame& frame, cv::Size size);

}  // namespace actrec
