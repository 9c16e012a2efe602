#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/clip_pipeline.h"

namespace actrec {

// What filling the cache has come to.
struct CacheFill {
  std::int64_t cached = 0;          // clips that are in the cache now
  std::uint64_t bytes = 0;          // that they take there
  std::vector<std::string> errors;  // of each clip that cannot be read, in the order of the clips
  std::string hint;                 // of the first
};

// Puts the clips into the pipeline's cache, on `threads` threads. Those that are there already are passed
// over, so a second call goes on where the first was stopped. `progress` hears of each clip that is done, in
// any thread but never in two at once; it may be empty. A clip that takes longer than `timeout_seconds`
// cannot be read. Where bad clips are skipped, pipeline->bad_clips() hears of them. Throws DataError where it
// will not have more, and Interrupted when the user asked to stop.
CacheFill fill_cache(const std::vector<ClipRef>& clips, const std::shared_ptr<ClipPipeline>& pipeline,
                     int threads, double timeout_seconds,
                     const std::function<void(std::int64_t done, std::uint64_t bytes)>& progress = {});

}  // namespace actrec
