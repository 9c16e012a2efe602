#pragma once

#include <memory>
#include <string>

#include "data/video_reader.h"

namespace actrec {

// Whether frames of that name come when they come, so that those which nobody takes in time are lost: a
// camera (camera:0) or a URL (rtsp://, http://, ...).
bool is_live(const std::string& name);

// Opens a source of frames that may still be going on: a camera or a URL; standard input (-); or a file,
// which ends when it has not grown for `idle_seconds`. Containers must be readable from front to back:
// MPEG-TS, Matroska, AVI, FLV, Y4M, or MP4 with its index at the front. time_seconds() is that of the
// source's time stamps, of a camera that of arrival. Throws DataError for a source that cannot be opened;
// grab() does for one that gives nothing for a minute, and Interrupted when the user asked to stop.
std::unique_ptr<VideoReader> open_live_video(const std::string& name, double idle_seconds);

}  // namespace actrec
