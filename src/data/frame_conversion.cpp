#include "data/frame_conversion.h"

#include <new>
#include <optional>
#include <string>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include "core/error.h"
#include "data/area_resize.h"
#include "data/yuv_reduce.h"

namespace actrec {
namespace {

// The conversion that swscale makes of these frames.
void set_matrix(const AVFrame& frame, bool full_range, YuvFrame& yuv) {
  const int* matrix = sws_getCoefficients(frame.colorspace);  // for the limited range, in 16 bits
  const double colours = (full_range ? 224.0 / 255 : 1) / 65536;
  yuv.black = full_range ? 0 : 16;
  yuv.luma = full_range ? 1 : 255.0 / 219;
  yuv.red_v = matrix[0] * colours;
  yuv.blue_u = matrix[1] * colours;
  yuv.green_u = matrix[2] * colours;
  yuv.green_v = matrix[3] * colours;
}

// None for formats other than three planes of 8 bits.
std::optional<YuvFrame> as_yuv(const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  constexpr std::uint64_t kOther =
      AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL;
  if (format == nullptr || format->nb_components != 3 || (format->flags & kOther) != 0) return std::nullopt;
  YuvFrame yuv;
  yuv.size = {frame.width, frame.height};
  Plane* const planes[] = {&yuv.y, &yuv.u, &yuv.v};
  for (int i = 0; i < 3; ++i) {
    const AVComponentDescriptor& component = format->comp[i];
    if (component.plane != i || component.step != 1 || component.offset != 0 || component.depth != 8)
      return std::nullopt;
    const int across = i == 0 ? 0 : format->log2_chroma_w, down = i == 0 ? 0 : format->log2_chroma_h;
    *planes[i] = {frame.data[i], frame.linesize[i], 1 << across, 1 << down};
  }
  const bool full_by_format = std::string(format->name).rfind("yuvj", 0) == 0;
  const bool full =
      frame.color_range == AVCOL_RANGE_UNSPECIFIED ? full_by_format : frame.color_range == AVCOL_RANGE_JPEG;
  set_matrix(frame, full, yuv);
  return yuv;
}

}  // namespace

FrameConversion::~FrameConversion() {
  sws_freeContext(scaler_);
  av_frame_free(&rgb_);
}

// Makes scaler_ and rgb_ fit the frame.
void FrameConversion::prepare(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  scaler_ = sws_getCachedContext(scaler_, frame.width, frame.height, format, frame.width, frame.height,
                                 AV_PIX_FMT_RGB24, SWS_BICUBIC, nullptr, nullptr, nullptr);
  if (scaler_ == nullptr) {
    const char* name = av_get_pix_fmt_name(format);
    throw DataError(path_.string() + ": a frame of " + std::to_string(frame.width) + "x" +
                        std::to_string(frame.height) + " pixels (" +
                        (name != nullptr ? name : "unknown format") + ") cannot be converted to RGB",
                    "convert the video to H.264 with -pix_fmt yuv420p");
  }
  int* from = nullptr;
  int* to = nullptr;
  int from_full = 0, to_full = 0, brightness = 0, contrast = 0, saturation = 0;
  if (sws_getColorspaceDetails(scaler_, &from, &from_full, &to, &to_full, &brightness, &contrast,
                               &saturation) >= 0) {
    if (frame.color_range != AVCOL_RANGE_UNSPECIFIED) from_full = frame.color_range == AVCOL_RANGE_JPEG;
    sws_setColorspaceDetails(scaler_, sws_getCoefficients(frame.colorspace), from_full, to, to_full,
                             brightness, contrast, saturation);
  }
  if (rgb_ != nullptr && rgb_->width == frame.width && rgb_->height == frame.height) return;
  av_frame_free(&rgb_);
  rgb_ = av_frame_alloc();
  if (rgb_ == nullptr) throw std::bad_alloc();
  rgb_->format = AV_PIX_FMT_RGB24;
  rgb_->width = frame.width;
  rgb_->height = frame.height;
  // FFmpeg's own buffers have room for its vector code, which writes past the end of a row.
  if (av_frame_get_buffer(rgb_, 0) < 0) {
    av_frame_free(&rgb_);
    throw std::bad_alloc();
  }
}

cv::Mat FrameConversion::to_rgb(const AVFrame& frame) {
  prepare(frame);
  sws_scale(scaler_, frame.data, frame.linesize, 0, frame.height, rgb_->data, rgb_->linesize);
  return {rgb_->height, rgb_->width, CV_8UC3, rgb_->data[0], static_cast<std::size_t>(rgb_->linesize[0])};
}

cv::Mat FrameConversion::to_reduced_rgb(const AVFrame& frame, int short_side) {
  const cv::Size size(frame.width, frame.height), reduced = reduced_size(size, short_side);
  if (reduced != size) {
    if (const std::optional<YuvFrame> yuv = as_yuv(frame)) return reduce_yuv(*yuv, reduced);
  }
  return reduce_frame(to_rgb(frame), short_side);
}

}  // namespace actrec
