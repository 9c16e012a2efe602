#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/clip_ref.h"
#include "data/perceptual_hash.h"

namespace actrec {

// What decoding all of a clip has shown. Codec, rotation and groups of pictures are the whole video's.
struct ClipFacts {
  std::int64_t frames = 0;         // that can be decoded
  std::int64_t header_frames = 0;  // of the whole video, as its header claims; 0: it does not say
  double frames_per_second = 0;    // as the header claims; 0: it does not say
  double seconds = 0;              // from the first frame's time to the last's, and a frame more
  int width = 0, height = 0;       // of the first frame as displayed, in pixels
  int rotation_degrees = 0;        // clockwise, that frames are turned by for display
  std::string codec;
  std::int64_t largest_gop = 0;  // most frames from one key frame to the next
  double decode_ms = 0;      // that decoding took, conversion to RGB included; shared by the parts of a video
  std::string content_hash;  // of the video, see content_hash(); empty where it cannot be read
  std::optional<PerceptualHash> look;
  std::string problem;  // why the clip cannot be used, naming the file; empty: it can be
};

struct InspectionOptions {
  int short_side = 128;           // that frames are reduced to, as for training
  double timeout_seconds = 1800;  // for a video
};

// Decodes a video once, from its beginning to the end of the last of `clips`, which are parts of this one
// video, and gives the facts of each. What is wrong with the video or a part becomes its `problem`, as does
// reading that takes longer than the timeout. Throws Interrupted when the user asked to stop. Safe to call
// from many threads at once.
std::vector<ClipFacts> inspect_video(const std::filesystem::path& path, const std::vector<ClipRef>& clips,
                                     const InspectionOptions& options);

}  // namespace actrec
