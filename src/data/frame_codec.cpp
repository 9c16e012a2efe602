#include "data/frame_codec.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"

namespace actrec {

void encode_frame(const cv::Mat& frame, const FrameFormat& format, std::vector<std::uint8_t>& bytes) {
  if (format.encoding == FrameEncoding::jpeg) {
    cv::Mat bgr;
    cv::cvtColor(frame, bgr, cv::COLOR_RGB2BGR);
    cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, format.quality});
    return;
  }
  const std::size_t row = frame.elemSize() * static_cast<std::size_t>(frame.cols);
  bytes.resize(row * static_cast<std::size_t>(frame.rows));
  for (int y = 0; y < frame.rows; ++y)
    std::copy_n(frame.ptr(y), row, bytes.data() + static_cast<std::size_t>(y) * row);
}

namespace {

// The size that a JPEG image's frame header (ITU-T T.81, B.2.2) claims; empty where there is none.
cv::Size jpeg_size(const std::uint8_t* bytes, std::size_t count) {
  std::size_t at = 2;  // after the image's first marker
  while (at + 9 <= count && bytes[at] == 0xff) {
    const int marker = bytes[at + 1];
    const bool is_frame_header =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame_header) return {bytes[at + 7] * 256 + bytes[at + 8], bytes[at + 5] * 256 + bytes[at + 6]};
    at += 2 + static_cast<std::size_t>(bytes[at + 2]) * 256 + bytes[at + 3];
  }
  return {};
}

}  // namespace

cv::Mat decode_frame(const std::uint8_t* bytes, std::size_t count, FrameEncoding encoding, cv::Size size,
                     cv::Mat& buffer) {
  // OpenCV has no read-only matrices; nobody writes to these.
  auto* data = const_cast<std::uint8_t*>(bytes);
  if (encoding == FrameEncoding::raw) {
    if (size.width <= 0 || size.height <= 0 ||
        count !=
            std::size_t{3} * static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height))
      throw Error("a cached frame has the wrong size");
    return {size, CV_8UC3, data};
  }
  // Before memory is taken for whatever the image claims.
  if (count >= 2 && size != jpeg_size(bytes, count))
    throw Error("a cached frame is not the JPEG image it should be");
  // Where the bytes are no image at all, OpenCV leaves the buffer as it is.
  if (count < 2 || bytes[0] != 0xff || bytes[1] != 0xd8) throw Error("a cached frame is no JPEG image");
  cv::imdecode(cv::Mat(1, static_cast<int>(count), CV_8U, data), cv::IMREAD_COLOR, &buffer);
  if (buffer.size() != size) throw Error("a cached frame is not the JPEG image it should be");
  cv::cvtColor(buffer, buffer, cv::COLOR_BGR2RGB);
  return buffer;
}

}  // namespace actrec
