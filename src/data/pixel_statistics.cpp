#include "data/pixel_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/stop_signal.h"

namespace actrec {

PixelStatistics measure_pixel_statistics(const std::vector<ClipRef>& clips, BatchSource& batches) {
  std::uint64_t count = 0;  // pixels
  std::array<std::uint64_t, 3> sum{}, square_sum{};
  batches.start_evaluation(clips);
  for (Batch batch = batches.next(); batch.clips.defined(); batch = batches.next()) {
    if (stop_requested()) throw Interrupted();
    const torch::Tensor pixels = batch.clips.contiguous();
    const std::uint8_t* const values = pixels.data_ptr<std::uint8_t>();
    const std::int64_t end = pixels.numel();
    for (std::int64_t i = 0; i < end; i += 3) {
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint64_t value = values[i + static_cast<std::int64_t>(c)];
        sum[c] += value;
        square_sum[c] += value * value;
      }
    }
    count += static_cast<std::uint64_t>(end / 3);
  }
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
