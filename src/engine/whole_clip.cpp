#include "engine/whole_clip.h"

#include <algorithm>

#include "core/error.h"
#include "data/clip_time_limit.h"

namespace actrec {
namespace {

constexpr std::int64_t kFramesPerPiece = 64;
constexpr std::size_t kPiecesAhead = 1;

using Pieces = ClipThread<torch::Tensor>;

// Reads the clip into `pieces`, until nobody takes them any more.
void read_pieces(const ClipRef& clip, ClipPipeline& pipeline, Pieces::Queue& pieces) {
  const FrameSize size = pipeline.settings().size;
  const std::int64_t frame_bytes = pipeline.bytes_per_frame();
  torch::Tensor piece;
  std::int64_t count = 0;  // of frames in it
  const auto send = [&] {
    if (count > 0 && !pieces.push(piece.narrow(1, 0, count))) throw Interrupted();
    count = 0;
  };
  pipeline.for_each_frame(clip, [&](const std::uint8_t* pixels) {
    if (count == 0) piece = torch::empty({1, kFramesPerPiece, size.height, size.width, 3}, torch::kUInt8);
    std::copy_n(pixels, frame_bytes, piece.data_ptr<std::uint8_t>() + count * frame_bytes);
    if (++count == kFramesPerPiece) send();
  });
  send();
}

}  // namespace

std::int64_t for_each_piece(const ClipRef& clip, const std::shared_ptr<ClipPipeline>& pipeline,
                            double timeout_seconds,
                            const std::function<void(const torch::Tensor& pixels)>& visit) {
  Pieces pieces(clip, timeout_seconds, kPiecesAhead,
                [=](Pieces::Queue& queue) { read_pieces(clip, *pipeline, queue); });
  std::int64_t frames = 0;
  while (const std::optional<torch::Tensor> piece = pieces.next()) {
    visit(*piece);
    frames += piece->size(1);
  }
  return frames;
}

}  // namespace actrec
