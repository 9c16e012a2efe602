#include "data/cache_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/system.h"
#include "data/cache_directory.h"
#include "data/clip_pipeline.h"
#include "data/frame_codec.h"
#include "data/frame_decoder.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSamples = 12;

// What the cached frames of one clip or of a whole set take.
struct CacheSize {
  double raw_bytes = 0, jpeg_bytes = 0;
};

// Judged by the header and the clip's first frame.
CacheSize estimate(const ClipRef& clip, const Settings& settings) {
  const auto reader = open_video(clip.path);
  const auto frames = static_cast<double>(expected_frames(reader->header(), clip));
  if (!reader->grab()) return {};
  const cv::Mat frame = reader->retrieve_reduced(working_size(settings.clip));
  std::vector<std::uint8_t> jpeg;
  encode_frame(frame, {FrameEncoding::jpeg, settings.data.cache_quality}, jpeg);
  return {frames * 3 * static_cast<double>(frame.total()), frames * static_cast<double>(jpeg.size())};
}

CacheSize estimate(const std::vector<ClipRef>& clips, const Settings& settings) {
  const std::size_t samples = std::min(kSamples, clips.size());
  CacheSize sum;
  double measured = 0;
  for (std::size_t k = 0; k < samples; ++k) {
    try {
      const CacheSize size = estimate(clips[k * clips.size() / samples], settings);
      if (size.raw_bytes == 0) continue;
      sum.raw_bytes += size.raw_bytes;
      sum.jpeg_bytes += size.jpeg_bytes;
      ++measured;
    } catch (const DataError&) {
      // Whoever reads the clip will say what is wrong with it.
    }
  }
  const double scale = measured == 0 ? 0 : static_cast<double>(clips.size()) / measured;
  return {scale * sum.raw_bytes, scale * sum.jpeg_bytes};
}

// Free space of the disk that the directory is, or will be, on.
double free_bytes(fs::path directory) {
  std::error_code error;
  while (!fs::exists(directory, error) && directory.has_parent_path() && directory != directory.parent_path())
    directory = directory.parent_path();
  const fs::space_info space = fs::space(directory, error);
  return error ? 0 : static_cast<double>(space.available);
}

std::string gigabytes(double bytes) { return fmt::format("{:.2g} GB", bytes / 1e9); }

}  // namespace

CachePlan plan_cache(const Settings& settings, const std::vector<ClipRef>& clips) {
  if (settings.data.cache != CacheMode::automatic) return {settings.data.cache, "as data.cache says"};
  const fs::path directory = cache_directory(settings.data);
  if (directory.empty()) return {CacheMode::off, "neither data.cache_dir nor $HOME says where it could be"};

  const CacheSize size = estimate(clips, settings);
  const double limit = settings.data.cache_gb * 1e9;
  // What the cache holds already is this set's, or can be removed.
  const double disk = free_bytes(directory) + static_cast<double>(bytes_in_cache(directory));
  const double memory = total_memory_bytes();
  const std::string estimates =
      fmt::format("about {} raw, {} as JPEG", gigabytes(size.raw_bytes), gigabytes(size.jpeg_bytes));
  // Some disk is left to others; the estimates may be wrong by as much.
  constexpr double kShare = 0.9;
  if (size.raw_bytes <= kShare * std::min({limit, disk, memory / 2})) {
    return {CacheMode::raw, estimates + ": raw fits into memory"};
  }
  if (size.jpeg_bytes <= kShare * std::min(limit, disk)) {
    return {CacheMode::jpeg,
            fmt::format("{}: raw does not fit into half of {} memory, {} disk and the limit of {}", estimates,
                        gigabytes(memory), gigabytes(disk), gigabytes(limit))};
  }
  return {CacheMode::off, fmt::format("{}: does not fit into {} disk and the limit of {} (data.cache_gb)",
                                      estimates, gigabytes(disk), gigabytes(limit))};
}

}  // namespace actrec
