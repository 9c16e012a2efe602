#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>

#include "data/clip_pipeline.h"

namespace actrec {

// Passes the frames of one clip, however long, to `visit` in pieces, uint8 RGB [1, n, H, W, 3] on the CPU,
// while a thread of its own decodes the next ones: memory does not grow with the clip. Returns how many
// frames there were. Throws what reading the clip throws, and DataError where no frames come for longer than
// `timeout_seconds` (not_read_within(): the thread is left behind).
std::int64_t for_each_piece(const ClipRef& clip, const std::shared_ptr<ClipPipeline>& pipeline,
                            double timeout_seconds,
                            const std::function<void(const torch::Tensor& pixels)>& visit);

}  // namespace actrec
