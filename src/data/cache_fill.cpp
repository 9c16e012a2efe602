#include "data/cache_fill.h"

#include <map>
#include <mutex>

#include "core/error.h"
#include "core/stop_signal.h"
#include "core/worker_pool.h"
#include "data/clip_time_limit.h"

namespace actrec {

CacheFill fill_cache(const std::vector<ClipRef>& clips, const std::shared_ptr<ClipPipeline>& pipeline,
                     int threads, double timeout_seconds,
                     const std::function<void(std::int64_t done, std::uint64_t bytes)>& progress) {
  std::mutex mutex;
  CacheFill fill;
  std::int64_t done = 0;
  std::map<std::size_t, DataError> errors;  // by the clip's place
  parallel_for(threads, clips.size(), [&](std::size_t i) {
    if (stop_requested()) throw Interrupted();
    std::uint64_t bytes = 0;
    try {
      const auto stored = std::make_shared<std::uint64_t>(0);
      read_within(timeout_seconds, clips[i],
                  [stored, pipeline, clip = clips[i]] { *stored = pipeline->prepare(clip); });
      bytes = *stored;
    } catch (const DataError& error) {
      const std::lock_guard lock(mutex);
      errors.emplace(i, error);
    }
    const std::lock_guard lock(mutex);
    if (bytes > 0) ++fill.cached;
    fill.bytes += bytes;
    if (progress) progress(++done, fill.bytes);
  });
  for (const auto& [index, error] : errors) {
    if (pipeline->bad_clips().skips()) pipeline->bad_clips().add(clips[index], error);
    if (fill.errors.empty()) fill.hint = error.hint();
    fill.errors.emplace_back(error.what());
  }
  return fill;
}

}  // namespace actrec
