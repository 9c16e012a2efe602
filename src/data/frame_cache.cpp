#include "data/frame_cache.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "core/error.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// How many bytes a clip being written may grow between two looks at the limit.
constexpr std::uint64_t kStride = 64ULL << 20;
// Raise when decoding, reducing or encoding frames begins to give other pixels.
constexpr int kPixelVersion = 2;

// Runs `write`, whose errors are about the cache's files.
template <typename Write>
auto writing(const Write& write) {
  try {
    return write();
  } catch (const Error& error) {
    throw NotStored{error.what()};
  }
}

}  // namespace

FrameCache::FrameCache(const Options& options)
    : directory_(options.directory, options.limit_bytes),
      short_side_(options.short_side),
      format_(options.format) {}

fs::path FrameCache::file_of(const ClipRef& clip) {
  const std::string what = fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{} {}", kPixelVersion, fs::absolute(clip.path).lexically_normal().string(),
      clip.begin_seconds, clip.end_seconds, short_side_, static_cast<int>(format_.encoding),
      format_.encoding == FrameEncoding::jpeg ? format_.quality : 0);
  return directory_.file(what, contents_.of(clip.path), "frames");
}

std::unique_ptr<CachedClip> FrameCache::find(const ClipRef& clip) {
  const fs::path file = file_of(clip);
  std::unique_ptr<CachedClip> found = CachedClip::open(file, format_.encoding);
  if (found) directory_.touch(file);
  return found;
}

std::unique_ptr<CachedClip> FrameCache::store(const ClipRef& clip, const FrameProducer& produce) {
  if (full_) return nullptr;
  const fs::path file = file_of(clip);
  try {
    writing([&] { create_writable_directory(file.parent_path()); });
    auto writer = writing([&] { return std::make_unique<CachedClipWriter>(file, format_); });
    std::uint64_t checked = 0;
    produce([&](const cv::Mat& frame) {
      if (writer->bytes() >= checked) {
        directory_.make_room(writer->bytes());
        checked = writer->bytes() + kStride;
      }
      writing([&] { writer->add(frame); });
    });
    if (file_of(clip) != file) return nullptr;  // the video has changed while it was read
    directory_.make_room(writer->bytes());
    writing([&] { writer->publish(); });
    directory_.added(file, writer->bytes());
  } catch (const NotStored& problem) {
    if (!full_.exchange(true)) {
      spdlog::warn("the frame cache takes no more clips: {}; the others are decoded each time",
                   problem.reason);
    }
    return nullptr;
  }
  return CachedClip::open(file, format_.encoding);
}

void FrameCache::remove(const ClipRef& clip) {
  std::error_code gone;
  fs::remove(file_of(clip), gone);
}

}  // namespace actrec
