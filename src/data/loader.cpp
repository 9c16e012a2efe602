#include "data/loader.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <utility>

#include "core/random.h"
#include "core/system.h"

namespace actrec {
namespace {

// A batch whose clips are still being filled in.
struct PendingBatch {
  Batch batch;
  std::size_t missing = 0;   // clips not yet done
  std::exception_ptr error;  // of its first clip (by position) that failed
  std::size_t error_position = 0;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

struct Loader::State {
  const std::vector<ClipRef>& clips;
  ClipPipeline& pipeline;
  LoaderOptions options;
  int epoch = -1;  // -1: evaluation
  std::vector<std::size_t> order;

  std::size_t next_start = 0;  // position in `order` where the next batch to be opened begins
  double wait_seconds = 0;

  std::mutex mutex;
  std::condition_variable clip_done;
  std::deque<std::shared_ptr<PendingBatch>> queue;
  std::unique_ptr<WorkerPool> pool;  // last: its threads use everything above

  State(const std::vector<ClipRef>& clip_list, ClipPipeline& clip_pipeline, const LoaderOptions& how)
      : clips(clip_list), pipeline(clip_pipeline), options(how), order(clip_list.size()) {
    std::iota(order.begin(), order.end(), std::size_t{0});
  }

  std::shared_ptr<PendingBatch> open_batch() {
    auto pending = std::make_shared<PendingBatch>();
    const std::size_t count =
        std::min(static_cast<std::size_t>(options.batch_size), order.size() - next_start);
    const ClipSettings& clip = pipeline.settings();
    auto bytes = torch::TensorOptions(torch::kUInt8).pinned_memory(options.pin_memory);
    pending->missing = count;
    pending->batch.clips = torch::empty(
        {static_cast<std::int64_t>(count), clip.frames, clip.size.height, clip.size.width, 3}, bytes);
    pending->batch.labels = torch::empty(static_cast<std::int64_t>(count), torch::kInt64);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t index = order[next_start + i];
      pending->batch.indices.push_back(index);
      pending->batch.labels[static_cast<std::int64_t>(i)] = clips[index].label;
    }
    next_start += count;
    return pending;
  }

  void fill_clip(const Batch& batch, std::size_t position) {
    const ClipRef& clip = clips[batch.indices[position]];
    std::uint8_t* pixels = batch.clips.data_ptr<std::uint8_t>() +
                           static_cast<std::int64_t>(position) * pipeline.bytes_per_clip();
    if (epoch < 0) {
      pipeline.load(clip, pixels);
    } else {
      pipeline.load_augmented(clip, epoch, pixels);
    }
  }

  // Keeps `prefetch` batches under way; called by the consumer's thread only.
  void schedule() {
    while (queue.size() < static_cast<std::size_t>(options.prefetch) && next_start < order.size()) {
      std::shared_ptr<PendingBatch> pending = open_batch();
      queue.push_back(pending);
      for (std::size_t i = 0; i < pending->batch.indices.size(); ++i) {
        pool->post([this, pending, i] {
          std::exception_ptr error;
          try {
            fill_clip(pending->batch, i);
          } catch (...) {
            error = std::current_exception();
          }
          std::lock_guard lock(mutex);
          if (error && (!pending->error || i < pending->error_position)) {
            pending->error = std::move(error);  // one owner, so that it ends in the caller's thread
            pending->error_position = i;
          }
          --pending->missing;
          clip_done.notify_all();
        });
      }
    }
  }
};

Loader::Loader(std::unique_ptr<State> state) : state_(std::move(state)) {
  if (state_->options.workers == 0) return;
  state_->pool = std::make_unique<WorkerPool>(state_->options.workers, lower_thread_priority);
  state_->schedule();
}

Loader::~Loader() = default;
Loader::Loader(Loader&&) noexcept = default;
Loader& Loader::operator=(Loader&&) noexcept = default;

Loader Loader::evaluation(const std::vector<ClipRef>& clips, ClipPipeline& pipeline,
                          const LoaderOptions& options) {
  return Loader(std::make_unique<State>(clips, pipeline, options));
}

Loader Loader::training(const std::vector<ClipRef>& clips, ClipPipeline& pipeline,
                        const LoaderOptions& options, std::uint64_t seed, int epoch) {
  auto state = std::make_unique<State>(clips, pipeline, options);
  state->epoch = epoch;
  KeyedRandom(seed, Purpose::shuffle, static_cast<std::uint32_t>(epoch)).shuffle(state->order);
  return Loader(std::move(state));
}

std::size_t Loader::batches() const {
  const auto size = static_cast<std::size_t>(state_->options.batch_size);
  return (state_->order.size() + size - 1) / size;
}

double Loader::wait_seconds() const { return state_->wait_seconds; }

Batch Loader::next() {
  const auto start = std::chrono::steady_clock::now();
  State& state = *state_;
  if (!state.pool) {
    if (state.next_start >= state.order.size()) return {};
    const std::shared_ptr<PendingBatch> pending = state.open_batch();
    for (std::size_t i = 0; i < pending->batch.indices.size(); ++i) state.fill_clip(pending->batch, i);
    state.wait_seconds += seconds_since(start);
    return std::move(pending->batch);
  }
  if (state.queue.empty()) return {};
  const std::shared_ptr<PendingBatch> pending = state.queue.front();
  {
    std::unique_lock lock(state.mutex);
    state.clip_done.wait(lock, [&] { return pending->missing == 0; });
  }
  state.queue.pop_front();
  state.schedule();
  state.wait_seconds += seconds_since(start);
  if (pending->error) std::rethrow_exception(std::exchange(pending->error, nullptr));
  return std::move(pending->batch);
}

}  // namespace actrec
