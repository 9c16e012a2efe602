#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace actrec {

// Owners of FFmpeg's objects.

struct CodecCloser {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
};
using CodecPointer = std::unique_ptr<AVCodecContext, CodecCloser>;

struct PacketFreer {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using PacketPointer = std::unique_ptr<AVPacket, PacketFreer>;

struct FrameFreer {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
using FramePointer = std::unique_ptr<AVFrame, FrameFreer>;

}  // namespace actrec
