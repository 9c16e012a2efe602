#include "data/video_codecs.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
}

#include <array>
#include <opencv2/core/utility.hpp>

namespace actrec {
namespace {

struct Format {
  const char* name;
  AVCodecID id;
};
constexpr std::array kFormats{Format{"H.264", AV_CODEC_ID_H264}, Format{"HEVC", AV_CODEC_ID_HEVC},
                              Format{"AV1", AV_CODEC_ID_AV1},    Format{"VP9", AV_CODEC_ID_VP9},
                              Format{"VP8", AV_CODEC_ID_VP8},    Format{"MPEG-4", AV_CODEC_ID_MPEG4},
                              Format{"MJPEG", AV_CODEC_ID_MJPEG}};

}  // namespace

VideoCodecs query_video_codecs() {
  VideoCodecs codecs;
  codecs.ffmpeg = av_version_info();
  codecs.opencv = cv::getVersionString();
  for (const Format& format : kFormats)
    (avcodec_find_decoder(format.id) != nullptr ? codecs.decoders : codecs.missing).push_back(format.name);
  for (const char* name : {"libx264", "mpeg4"}) {
    if (avcodec_find_encoder_by_name(name) == nullptr) continue;
    codecs.encoder = name;
    break;
  }
  return codecs;
}

}  // namespace actrec
