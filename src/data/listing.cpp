#include "data/listing.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "data/video_reader.h"

namespace actrec {

namespace fs = std::filesystem;

std::string standard_split(std::string_view written) {
  std::string name = to_lower(written);
  if (name == "train" || name == "test") return name;
  if (name == "val" || name == "valid" || name == "validation" || name == "validate") return "val";
  return "";
}

std::optional<fs::path> find_clip(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_regular_file(status)) return path;
  if (fs::is_directory(status) && is_frame_folder(path)) return path;
  if (!has_video_extension(path)) return std::nullopt;
  const fs::path folder = fs::path(path).replace_extension();
  if (fs::is_directory(folder, ignored) && is_frame_folder(folder)) return folder;
  return std::nullopt;
}

std::string clip_name(const std::string& written, const ClipRef& clip) {
  if (clip.whole()) return written;
  const std::string end = std::isinf(clip.end_seconds) ? "end" : fmt::format("{}", clip.end_seconds);
  return fmt::format("{}[{},{}]", written, clip.begin_seconds, end);
}

void ListErrors::add(const std::string& where, const std::string& what, const std::string& hint) {
  constexpr std::size_t kMostMessages = 10;
  if (hint_.empty()) hint_ = hint;
  if (messages_.size() < kMostMessages) {
    messages_.push_back(where + ": " + what);
  } else {
    ++more_;
  }
}

void ListErrors::throw_if_any() const {
  if (messages_.empty()) return;
  std::string text = join(messages_, "\n  ");
  if (more_ > 0) text += fmt::format("\n  and {} more", more_);
  throw DataError(text, hint_);
}

}  // namespace actrec
