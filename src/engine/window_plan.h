#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "config/settings.h"

namespace actrec {

// A part of a video that is classified as a clip.
struct Window {
  double begin_seconds = 0, end_seconds = 0;
  std::vector<std::int64_t> frames;  // that the network sees, ascending unless short clips are looped
};

// Which frames of a video its sliding windows see. Window k begins at k strides; its frames are those that
// evaluation takes of a clip that is the window (sample_frames), counted in frames of the video's nominal
// rate, so that in a video of constant frame rate they are exactly those, and in others the frames shown at
// these times. So that overlapping windows share frames, the stride is rounded: with segment sampling to a
// multiple of the distance of a window's frames or, where it must be finer, of a half, third or quarter of
// it; else to whole frames. Memory does not grow with the video.
class WindowPlan {
 public:
  // Seconds and frames/s above 0; a stride of 0 is a quarter of the window. A window is at least one frame.
  // Throws DataError where short clips are an error and the window is one.
  WindowPlan(const ClipSettings& clip, double frames_per_second, double window_seconds,
             double stride_seconds);

  double window_seconds() const { return window_ / rate_; }
  double stride_seconds() const { return stride_ / rate_; }

  // The video's next frame, shown from `begin` until `end` seconds. True where a window sees it.
  bool add(std::int64_t frame, double begin, double end);
  // Windows whose frames are all there, in order.
  std::vector<Window> take_complete();
  // No frame before this one is seen by a window that is not complete.
  std::int64_t oldest_needed() const;
  // The video ends at this time. Gives the last complete windows and, where more than half a window's length
  // of video would belong to none, the windows that reach beyond the end and have at least half of their
  // frames, with those. Nothing for a video that is shorter than a window: classify it as a clip.
  std::vector<Window> finish(double end);

 private:
  struct Open {
    Window window;
    double begin = 0;      // in nominal frames
    std::size_t next = 0;  // of `offsets_`, the first that has no frame yet
  };
  void open_until(double position);

  double rate_;
  double window_ = 0, stride_ = 0;  // in nominal frames
  std::vector<double> offsets_;     // of a window's frames, ascending, in nominal frames from its beginning
  std::vector<std::size_t> order_;  // of the offsets, as the network sees them
  std::deque<Open> open_;
  std::vector<Window> complete_;
  std::int64_t opened_ = 0, frames_ = 0;
  double covered_ = 0;  // seconds, where the last complete window ends
};

}  // namespace actrec
