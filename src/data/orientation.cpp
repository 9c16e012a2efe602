#include "data/orientation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace actrec {

Orientation stream_orientation(const AVStream& stream) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
  const AVPacketSideData* found = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const void* data = found != nullptr && found->size >= 9 * sizeof(std::int32_t) ? found->data : nullptr;
#else
  std::size_t size = 0;
  const void* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (size < 9 * sizeof(std::int32_t)) data = nullptr;
#endif
  if (data == nullptr) return {};
  // x' = m0 x + m3 y, y' = m1 x + m4 y
  const auto* m = static_cast<const std::int32_t*>(data);
  const double straight = std::abs(double{1} * m[0]) + std::abs(double{1} * m[4]);
  const double crossed = std::abs(double{1} * m[1]) + std::abs(double{1} * m[3]);
  if (std::min(straight, crossed) > 0.02 * std::max(straight, crossed)) return {};
  if (crossed > straight) return {true, m[3] < 0, m[1] < 0};
  return {false, m[0] < 0, m[4] < 0};
}

}  // namespace actrec
