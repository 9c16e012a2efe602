#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "data/clip_ref.h"
#include "data/frame_source.h"

namespace actrec {

// Clips as people look at them: frames in colour, whole and undistorted, whatever the network gets. Safe to
// call from many threads at once.
class Thumbnails {
 public:
  // `height` in pixels; frames that are lower stay as they are. The frame cache of the settings is read.
  Thumbnails(const Settings& settings, int frames, int height);

  // Frames spread over the whole clip, in order of time, as JPEG files. Throws DataError for a clip that
  // cannot be read.
  std::vector<std::string> of(const ClipRef& clip) const;

 private:
  ClipSettings clip_;
  int height_;
  std::unique_ptr<FrameSource> frames_;
};

}  // namespace actrec
