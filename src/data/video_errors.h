#pragma once

#include <filesystem>
#include <string>

#include "core/error.h"

namespace actrec {

// FFmpeg's words for one of its error codes.
std::string ffmpeg_error(int code);

// Why FFmpeg could not open the file, as far as its first bytes tell. Each of these has happened to
// somebody: an unfinished recording or download, an error page or a Git LFS pointer saved as a video.
DataError unreadable_video(const std::filesystem::path& path, int code);

}  // namespace actrec
