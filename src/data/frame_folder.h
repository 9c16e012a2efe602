#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "data/video_reader.h"

namespace actrec {

// The numbered images of a directory (see is_frame_folder) in order: by name, numbers compared as numbers,
// so that frame2.jpg comes before frame10.jpg. Empty where there are none.
std::vector<std::filesystem::path> numbered_frames(const std::filesystem::path& directory);

// Reads the directory's numbered images as a video. Each file is opened only when its pixels are asked
// for; one that cannot be decoded is a DataError naming it.
std::unique_ptr<VideoReader> open_frame_folder(const std::filesystem::path& directory);

}  // namespace actrec
