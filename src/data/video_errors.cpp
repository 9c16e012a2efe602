#include "data/video_errors.h"

#include <algorithm>
#include <fstream>

extern "C" {
#include <libavutil/error.h>
}

namespace actrec {

namespace fs = std::filesystem;

std::string ffmpeg_error(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

DataError unreadable_video(const fs::path& path, int code) {
  char head[512] = {};
  std::ifstream file(path, std::ios::binary);
  file.read(head, sizeof head);
  const auto count = static_cast<std::size_t>(file.gcount());
  const bool text = std::all_of(head, head + count, [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
  if (count > 0 && text) {
    return DataError(path.string() + " holds text, not video",
                     "look at its first lines: it may be an error page or a Git LFS pointer");
  }
  if (count >= 8 && std::string(head + 4, 4) == "ftyp") {
    return DataError(
        path.string() + " cannot be read: its index is missing or damaged (" + ffmpeg_error(code) + ")",
        "the recording or download may be incomplete; copy the file again");
  }
  return DataError(path.string() + " is not a readable video (" + ffmpeg_error(code) + ")",
                   "check that it plays, or remove it from the data set");
}

}  // namespace actrec
