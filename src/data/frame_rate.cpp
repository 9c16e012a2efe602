#include "data/frame_rate.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

constexpr std::size_t kIntervals = 32;
constexpr std::size_t kClips = 64;

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double clip_seconds(const ClipRef& clip) {
  if (std::isfinite(clip.end_seconds)) return clip.end_seconds - clip.begin_seconds;
  const std::unique_ptr<VideoReader> video = open_video(clip.path);
  const VideoHeader& header = video->header();
  const double rate = header.frames_per_second > 0 ? header.frames_per_second : kFallbackFramesPerSecond;
  const double seconds = header.duration_seconds > 0 ? header.duration_seconds
                                                     : static_cast<double>(header.claimed_frames) / rate;
  return seconds - clip.begin_seconds;
}

}  // namespace

double nominal_frame_rate(const std::filesystem::path& path) {
  const std::unique_ptr<VideoReader> video = open_video(path);
  std::vector<double> intervals;
  double last = 0;
  for (bool first = true; intervals.size() < kIntervals && video->grab(); first = false) {
    const double time = video->time_seconds();
    if (!first && time > last) intervals.push_back(time - last);
    last = time;
  }
  const double claimed = video->header().frames_per_second;
  if (intervals.empty()) return claimed > 0 ? claimed : kFallbackFramesPerSecond;
  const double interval = median(intervals);
  // Time stamps may be rounded to milliseconds.
  return std::abs(claimed * interval - 1) < 0.1 ? claimed : 1 / interval;
}

double median_clip_seconds(const std::vector<ClipRef>& clips) {
  std::vector<double> lengths;
  const std::size_t step = std::max<std::size_t>(1, clips.size() / kClips);
  for (std::size_t i = 0; i < clips.size(); i += step) {
    try {
      if (const double seconds = clip_seconds(clips[i]); seconds > 0) lengths.push_back(seconds);
    } catch (const DataError&) {
      // Whoever needs the clip will say what is wrong with it.
    }
  }
  return lengths.empty() ? 0 : median(lengths);
}

}  // namespace actrec
