#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <opencv2/core.hpp>

#include "data/clip_ref.h"
#include "data/frame_cache.h"
#include "data/frame_decoder.h"

namespace actrec {

// Is given a frame, uint8 RGB [h, w, 3], valid during the call, and its position among the chosen ones.
using FrameVisitor = std::function<void(std::size_t position, const cv::Mat& frame)>;

// What a frame source may do with the frame cache.
enum class CacheUse {
  none,  // always decode
  read,  // take what is there, decode the rest
  fill   // the same, and store every clip that is decoded
};

// The frames of clips, reduced to a working size: from the cache where they are in it, else decoded. Either
// way the pixels are the same, because frames that would be cached as JPEG go through JPEG in any case. Safe
// to call from many threads at once. Errors are DataError naming the clip.
class FrameSource {
 public:
  // Frames are reduced until their short side is `short_side` pixels; smaller frames stay.
  explicit FrameSource(int short_side, const FrameFormat& format = {}, FrameCheck check = FrameCheck::chosen);
  // With a cache, which has its own short side and format.
  FrameSource(std::shared_ptr<FrameCache> cache, CacheUse use, FrameCheck check = FrameCheck::chosen);

  // Passes the chosen frames to `visit`, in the order of the indices.
  void read(const ClipRef& clip, const FrameChooser& choose, const FrameVisitor& visit);
  // Passes on every frame. Memory does not grow with the clip.
  void read_all(const ClipRef& clip, const FrameVisitor& visit);
  // Puts the clip into the cache, if it is not there, and returns the bytes that it takes there; 0 where the
  // cache takes no more.
  std::uint64_t prepare(const ClipRef& clip);

  // A frame in the working size as read() would give it, through the cache's format; valid until the thread's
  // next call.
  cv::Mat as_cached(const cv::Mat& frame) const;
  DecodedAmount decoded() const { return decoder_.decoded(); }
  void forget(const ClipRef& clip) { decoder_.forget(clip); }

 private:
  std::unique_ptr<CachedClip> cached(const ClipRef& clip);
  bool read_cached(const ClipRef& clip, const FrameChooser& choose, const FrameVisitor& visit);

  FrameDecoder decoder_;
  FrameFormat format_;
  std::shared_ptr<FrameCache> cache_;
  CacheUse use_ = CacheUse::none;
};

}  // namespace actrec
