#include "data/frame_rate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/error.h"
#include "core/worker_pool.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

constexpr std::size_t kIntervals = 32;
constexpr std::size_t kClips = 64;
constexpr std::chrono::seconds kPatience{5};  // with a file that hangs

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
  struct Lengths {
    std::mutex mutex;
    std::condition_variable more;
    std::vector<double> seconds;
    std::size_t clips = 0;  // looked at
  };
  const auto lengths = std::make_shared<Lengths>();
  WorkerPool pool(1);
  std::size_t sample = 0;
  for (std::size_t i = 0; i < clips.size(); i += std::max<std::size_t>(1, clips.size() / kClips), ++sample) {
    pool.post([lengths, clip = clips[i]] {
      double seconds = 0;
      try {
        seconds = clip_seconds(clip);
      } catch (const DataError&) {
        // Whoever needs the clip will say what is wrong with it.
      }
      const std::lock_guard lock(lengths->mutex);
      if (seconds > 0) lengths->seconds.push_back(seconds);
      ++lengths->clips;
      lengths->more.notify_one();
    });
  }
  std::unique_lock lock(lengths->mutex);
  while (lengths->clips < sample) {
    const std::size_t before = lengths->clips;
    if (lengths->more.wait_for(lock, kPatience, [&] { return lengths->clips > before; })) continue;
    pool.abandon();
    break;
  }
  std::vector<double> seconds = lengths->seconds;
  return seconds.empty() ? 0 : median(seconds);
}

}  // namespace actrec
