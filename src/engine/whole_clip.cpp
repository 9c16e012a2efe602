#include "engine/whole_clip.h"

#include <cstring>
#include <thread>

#include "core/bounded_queue.h"
#include "core/error.h"
#include "data/clip_time_limit.h"

namespace actrec {
namespace {

constexpr std::int64_t kFramesPerPiece = 64;
constexpr std::size_t kPiecesAhead = 1;

using Pieces = BoundedQueue<torch::Tensor>;

// Reads the clip into `pieces`, until nobody takes them any more.
void read_pieces(const ClipRef& clip, ClipPipeline& pipeline, Pieces& pieces) {
  const FrameSize size = pipeline.settings().size;
  const auto frame_bytes = static_cast<std::size_t>(pipeline.bytes_per_frame());
  torch::Tensor piece;
  std::int64_t count = 0;  // of frames in it
  const auto send = [&] {
    if (count > 0 && !pieces.push(piece.narrow(1, 0, count))) throw Interrupted();
    count = 0;
  };
  pipeline.for_each_frame(clip, [&](const std::uint8_t* pixels) {
    if (count == 0) piece = torch::empty({1, kFramesPerPiece, size.height, size.width, 3}, torch::kUInt8);
    std::memcpy(piece[0][count].data_ptr(), pixels, frame_bytes);
    if (++count == kFramesPerPiece) send();
  });
  send();
}

// The thread that reads, joined where it does not hang.
class Reader {
 public:
  Reader(const ClipRef& clip, const std::shared_ptr<ClipPipeline>& pipeline, double timeout_seconds)
      : clip_(clip), timeout_seconds_(timeout_seconds) {
    thread_ = std::thread([clip, pipeline, pieces = pieces_] {
      std::exception_ptr error;
      try {
        read_pieces(clip, *pipeline, *pieces);
      } catch (...) {
        error = std::current_exception();
      }
      pieces->fail(std::move(error));
    });
  }
  ~Reader() {
    pieces_->cancel();
    if (thread_.joinable()) thread_.join();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::optional<torch::Tensor> next() {
    if (!pieces_->wait(timeout_seconds_)) {
      thread_.detach();
      throw not_read_within(timeout_seconds_, clip_);
    }
    return pieces_->pop();
  }

 private:
  ClipRef clip_;
  double timeout_seconds_;
  std::shared_ptr<Pieces> pieces_ = std::make_shared<Pieces>(kPiecesAhead);
  std::thread thread_;
};

}  // namespace

std::int64_t for_each_piece(const ClipRef& clip, const std::shared_ptr<ClipPipeline>& pipeline,
                            double timeout_seconds,
                            const std::function<void(const torch::Tensor& pixels)>& visit) {
  Reader reader(clip, pipeline, timeout_seconds);
  std::int64_t frames = 0;
  while (const std::optional<torch::Tensor> piece = reader.next()) {
    visit(*piece);
    frames += piece->size(1);
  }
  return frames;
}

}  // namespace actrec
