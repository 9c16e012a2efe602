#include "data/pixel_statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "core/error.h"
#include "core/stop_signal.h"
#include "core/worker_pool.h"

namespace actrec {

PixelStatistics measure_pixel_statistics(const std::vector<ClipRef>& clips, ClipPipeline& pipeline,
                                         int threads) {
  std::mutex mutex;
  std::uint64_t count = 0;  // pixels
  std::array<std::uint64_t, 3> sum{}, square_sum{};
  std::map<std::size_t, DataError> bad;  // by the clip's place
  parallel_for(threads, clips.size(), [&](std::size_t index) {
    if (stop_requested()) throw Interrupted();
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(pipeline.bytes_per_clip()));
    try {
      pipeline.load(clips[index], pixels.data());
    } catch (const DataError& error) {
      if (!pipeline.bad_clips().skips()) pipeline.bad_clips().add(clips[index], error);  // throws
      std::lock_guard lock(mutex);
      bad.emplace(index, error);
      return;
    }
    std::array<std::uint64_t, 3> s{}, q{};
    for (std::size_t i = 0; i < pixels.size(); i += 3) {
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint64_t value = pixels[i + c];
        s[c] += value;
        q[c] += value * value;
      }
    }
    std::lock_guard lock(mutex);
    count += pixels.size() / 3;
    for (std::size_t c = 0; c < 3; ++c) {
      sum[c] += s[c];
      square_sum[c] += q[c];
    }
  });
  for (const auto& [index, error] : bad) pipeline.bad_clips().add(clips[index], error);
  PixelStatistics statistics{};
  const auto n = static_cast<double>(count);
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = static_cast<double>(sum[c]) / n;
    const double variance = std::max(0.0, static_cast<double>(square_sum[c]) / n - mean * mean);
    statistics.mean[c] = mean / 255.0;
    statistics.std[c] = std::max(1.0, std::sqrt(variance)) / 255.0;
  }
  return statistics;
}

}  // namespace actrec
