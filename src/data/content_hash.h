#pragma once

#include <filesystem>
#include <string>

namespace actrec {

// SHA-256 (FIPS 180-4) of a video file, 64 hex digits as `sha256sum` prints them; for a folder of numbered
// frames that of its images, one after another. Throws DataError naming the path for what cannot be read, and
// Interrupted when the user asked to stop.
std::string content_hash(const std::filesystem::path& video);

// What two videos with the same content have in common, without reading them: the file's size, or the number
// of images and the size of the first. Empty where there is nothing to read.
std::string content_size(const std::filesystem::path& video);

}  // namespace actrec
