#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "data/clip_ref.h"
#include "data/video_reader.h"
#include "data/video_walk.h"

namespace actrec {

// Chooses frames for a number of frames: indices 0 .. frame_count-1 in any order. Must be a pure function:
// it is called with the number that the header claims, and again when that proves wrong.
using FrameChooser = std::function<std::vector<std::int64_t>(std::int64_t frame_count)>;

// How many frames the header of a clip's video lets expect in the clip; 0: no idea.
std::int64_t expected_frames(const VideoHeader& header, const ClipRef& clip);

// Which frames of a clip must be good for decode() to succeed. With `all`, the first time that a clip is read
// says once and for all whether it can be used, whatever frames are chosen.
enum class FrameCheck { chosen, all };

// How much video has been decoded: frames, and the time from the first to the last of them.
struct DecodedAmount {
  std::int64_t frames = 0;
  double seconds = 0;
};

// Decodes chosen frames of clips, reduced once to a working size. The true frame count of a clip is
// measured the first time (by reading to its end) and remembered; later reads stop after the last chosen
// frame, and go from key frame to key frame where chosen frames of a long video lie far apart (see
// VideoWalk). Safe to call from many threads at once. Errors are DataError naming the clip. A video that
// turns out much shorter than its header says is used and logged as a warning.
class FrameDecoder {
 public:
  // Frames are reduced (area averaging) until their short side is `short_side` pixels; smaller frames stay.
  explicit FrameDecoder(int short_side, FrameCheck check = FrameCheck::chosen)
      : short_side_(short_side), check_(check) {}

  // One image per chosen index, in the order of the indices: uint8 RGB [h, w, 3]. Repeated indices share
  // pixels, so treat them as read-only.
  std::vector<cv::Mat> decode(const ClipRef& clip, const FrameChooser& choose);

  // Passes every frame to `visit`, in order, each valid during the call; memory does not grow with the clip.
  void decode_all(const ClipRef& clip, const std::function<void(const cv::Mat& frame)>& visit);

  // Drops what is remembered of the clip, so that memory does not grow with clips that do not come again.
  void forget(const ClipRef& clip);

  int short_side() const { return short_side_; }
  // All clips that have been gone through to their end so far.
  DecodedAmount decoded() const;

 private:
  // Where a clip lies in its video.
  struct Span {
    std::int64_t first = 0;  // index in the video
    std::int64_t count = 0;
  };

  // Calls visit(index in the clip, walk) at each frame of the clip, and remembers what there is to know about
  // it.
  Span go_through(const ClipRef& clip, const std::function<void(std::int64_t, VideoWalk&)>& visit);
  std::vector<cv::Mat> decode_known(const ClipRef& clip, const FrameChooser& choose, const Span& span);
  std::vector<cv::Mat> decode_unknown(const ClipRef& clip, const FrameChooser& choose);

  std::optional<Span> remembered(const ClipRef& clip);
  // `seconds`: from the first frame of the span to the last.
  void remember(const ClipRef& clip, const Span& span, double seconds, const VideoWalk& walk);
  std::vector<KeyFrame> key_frames(const ClipRef& clip);
  void never_seek(const ClipRef& clip);

  int short_side_;
  FrameCheck check_;
  mutable std::mutex mutex_;
  DecodedAmount decoded_;
  std::unordered_map<std::string, Span> measured_;                     // by path and part
  std::unordered_map<std::string, std::vector<KeyFrame>> key_frames_;  // by path
  std::unordered_set<std::string> never_seek_;                         // paths
};

}  // namespace actrec
