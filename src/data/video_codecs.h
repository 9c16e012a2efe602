#pragma once

#include <string>
#include <vector>

namespace actrec {

// What the FFmpeg and OpenCV that this program runs with can do with video.
struct VideoCodecs {
  std::string ffmpeg, opencv;         // versions
  std::vector<std::string> decoders;  // of the usual formats: those that are there
  std::vector<std::string> missing;   // and those that are not
  std::string encoder;                // of annotated videos; empty: none
};
VideoCodecs query_video_codecs();

}  // namespace actrec
