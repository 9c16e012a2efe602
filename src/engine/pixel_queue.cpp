#include "engine/pixel_queue.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>

#include "core/error.h"
#include "core/error_text.h"
#include "core/system.h"
#include "data/clip_time_limit.h"

namespace actrec {

struct PixelQueue::Slot {
  LoadedClip clip;
  std::exception_ptr failure;
  bool done = false;
  std::mutex mutex;
  std::condition_variable ready;

  void load(const std::shared_ptr<ClipPipeline>& pipeline, const InputClip& input, double timeout_seconds) {
    LoadedClip loaded;
    std::exception_ptr thrown;
    try {
      loaded.error = input.error;
      if (loaded.error.empty()) {
        const ClipSettings& settings = pipeline->settings();
        loaded.pixels = torch::empty(
            {pipeline->test_views(), settings.frames, settings.size.height, settings.size.width, 3},
            torch::kUInt8);
        read_within(timeout_seconds, input.clip, [pipeline, clip = input.clip, pixels = loaded.pixels] {
          pipeline->load_test_views(clip, pixels.data_ptr<std::uint8_t>());
          pipeline->forget(clip);
        });
      }
    } catch (const DataError& error) {
      loaded.error = describe(error);
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex);
    clip = std::move(loaded);
    failure = std::move(thrown);
    done = true;
    ready.notify_one();
  }
};

PixelQueue::PixelQueue(std::shared_ptr<ClipPipeline> pipeline, const std::vector<InputClip>& inputs,
                       int workers, std::int64_t prefetch_bytes, double timeout_seconds)
    : pipeline_(std::move(pipeline)),
      inputs_(inputs),
      depth_(static_cast<std::size_t>(std::max<std::int64_t>(
          1, prefetch_bytes / (pipeline_->test_views() * pipeline_->bytes_per_clip())))),
      timeout_seconds_(timeout_seconds) {
  if (workers > 0) pool_ = std::make_unique<WorkerPool>(workers, lower_thread_priority);
}

void PixelQueue::schedule() {
  while (slots_.size() < depth_ && scheduled_ < inputs_.size()) {
    const auto slot = std::make_shared<Slot>();
    slots_.push_back(slot);
    const InputClip& input = inputs_[scheduled_++];
    if (!pool_) return slot->load(pipeline_, input, timeout_seconds_);
    pool_->post([slot, pipeline = pipeline_, &input, seconds = timeout_seconds_] {
      slot->load(pipeline, input, seconds);
    });
  }
}

LoadedClip PixelQueue::next() {
  schedule();
  const std::shared_ptr<Slot> slot = slots_.front();
  slots_.pop_front();
  std::unique_lock lock(slot->mutex);
  slot->ready.wait(lock, [&] { return slot->done; });
  if (slot->failure) std::rethrow_exception(std::exchange(slot->failure, nullptr));
  return std::move(slot->clip);
}

}  // namespace actrec
