#include "data/loader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "core/system.h"
#include "core/text.h"
#include "core/worker_pool.h"
#include "data/clip_time_limit.h"

namespace actrec {
namespace {

constexpr double kFirstWarning = 30;  // seconds that a clip may take before the log says so
// Seconds of waiting before a clip is given up: after the process was stopped, a worker gets so long to end.
constexpr double kGrace = 10;

// A copy: who hangs in a clip may yet write to the memory of the whole batch, and keeps it.
Batch chosen_of(const Batch& batch, const std::vector<std::int64_t>& positions) {
  const torch::Tensor index = torch::tensor(positions, torch::kInt64);
  Batch chosen{batch.clips.index_select(0, index), batch.labels.index_select(0, index), {}, batch.changes};
  if (chosen.changes) chosen.changes->values = batch.changes->values.index_select(0, index);
  for (const std::int64_t i : positions) chosen.indices.push_back(batch.indices[static_cast<std::size_t>(i)]);
  return chosen;
}

}  // namespace

// A batch whose clips are still being filled in. Everything but `batch` is under the pass's mutex.
struct Loader::PendingBatch {
  struct Clip {
    ClipRef ref;
    bool known_bad = false;                    // nobody reads it
    std::optional<Clock::time_point> started;  // while it is being worked on
    std::thread::id worker;                    // who works on it
    bool given_up = false;                     // who works on it hangs, and nobody waits
    std::exception_ptr error;                  // why it cannot be read
    UnchangedFrames frames;                    // what is read of it, where changes are made later
  };
  Batch batch;
  std::vector<Clip> clips;
  std::size_t missing = 0;  // clips not yet done

  // The clip that has been worked on longest; null where none is.
  Clip* slowest() {
    Clip* found = nullptr;
    for (Clip& clip : clips) {
      if (clip.started && (found == nullptr || *clip.started < *found->started)) found = &clip;
    }
    return found;
  }
};

// One pass. Workers share it, so that those still busy with a pass that was given up do no harm.
struct Loader::Pass {
  const std::vector<ClipRef>* clips = nullptr;  // for the consumer's thread only
  enum class Shows { plain, test_view, training_view, unchanged } shows = Shows::plain;
  int view = 0;
  std::vector<std::size_t> order;
  std::size_t next_start = 0;  // position in `order` where the next batch to be opened begins
  std::size_t batches = 0;     // of the whole pass; the last may be empty
  std::size_t next_batch = 0;  // that next() gives
  std::deque<std::shared_ptr<PendingBatch>> queue;
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::condition_variable clip_done;

  Pass(const std::vector<ClipRef>& clip_list, int batch_size) : clips(&clip_list), order(clip_list.size()) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto size = static_cast<std::size_t>(batch_size);
    batches = (order.size() + size - 1) / size;
  }

  void fill(ClipPipeline& pipeline, PendingBatch& pending, std::size_t position) const {
    const auto row = static_cast<std::int64_t>(position);
    const ClipRef& clip = pending.clips[position].ref;
    const auto pixels = [&] {
      return pending.batch.clips.data_ptr<std::uint8_t>() + row * pipeline.bytes_per_clip();
    };
    const FramePlace place = [&](std::size_t image, cv::Size size) {
      return pending.clips[position].frames.place(image, size);
    };
    switch (shows) {
      case Shows::plain:
        return pipeline.load(clip, pixels());
      case Shows::test_view:
        return pipeline.load_test_view(clip, view, pixels());
      case Shows::training_view:
        return pipeline.load_augmented(clip, view, pixels());
      case Shows::unchanged:
        return pipeline.load_unchanged(clip, view, place,
                                       pending.batch.changes->values[row].data_ptr<float>());
    }
  }

  // A worker's task.
  void work(ClipPipeline& pipeline, PendingBatch& pending, std::size_t position) {
    if (cancelled) return;
    PendingBatch::Clip& clip = pending.clips[position];
    {
      const std::lock_guard lock(mutex);
      clip.started = Clock::now();
      clip.worker = std::this_thread::get_id();
    }
    std::exception_ptr error;
    try {
      fill(pipeline, pending, position);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex);
    if (clip.given_up) return;
    clip.error = std::move(error);  // one owner, so that it ends in the caller's thread
    clip.started.reset();
    --pending.missing;
    clip_done.notify_all();
  }
};

Loader::Loader(std::shared_ptr<ClipPipeline> pipeline, const LoaderOptions& options)
    : pipeline_(std::move(pipeline)),
      options_(options),
      pool_(std::max(1, options.workers),
            options.workers > 0 ? lower_thread_priority : std::function<void()>()) {
  pipeline_->require_fixed_length();
}

Loader::~Loader() {
  if (pass_) pass_->cancelled = true;
}

void Loader::start_evaluation(const std::vector<ClipRef>& clips) {
  start(std::make_shared<Pass>(clips, options_.batch_size));
}

void Loader::start_test_view(const std::vector<ClipRef>& clips, int number) {
  auto pass = std::make_shared<Pass>(clips, options_.batch_size);
  pass->shows = Pass::Shows::test_view;
  pass->view = number;
  start(std::move(pass));
}

void Loader::resume_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch,
                             std::size_t first_batch) {
  auto pass = std::make_shared<Pass>(clips, options_.batch_size);
  const auto batch_size = static_cast<std::size_t>(options_.batch_size);
  ShardOrder own = shard_of(training_order(clips.size(), seed, epoch), batch_size, options_.shard);
  pass->shows = options_.change_later ? Pass::Shows::unchanged : Pass::Shows::training_view;
  pass->view = options_.views > 0 ? epoch % options_.views : epoch;
  pass->order = std::move(own.clips);
  pass->batches = own.batches;
  pass->next_batch = first_batch;
  pass->next_start = std::min(pass->order.size(), first_batch * batch_size);
  start(std::move(pass));
}

void Loader::start_view(const std::vector<ClipRef>& clips, int view) {
  auto pass = std::make_shared<Pass>(clips, options_.batch_size);
  pass->shows = Pass::Shows::training_view;
  pass->view = view;
  start(std::move(pass));
}

void Loader::start(std::shared_ptr<Pass> pass) {
  if (pass_) pass_->cancelled = true;
  pass_ = std::move(pass);
  wait_seconds_ = 0;
  prepare_ahead();
}

std::size_t Loader::batches() const { return pass_->batches; }

double Loader::wait_seconds() const { return wait_seconds_; }

// uint8: what the clips of a pass need, [T, H, W, C].
std::array<std::int64_t, 4> Loader::clip_shape() const {
  const ClipSettings& clip = pipeline_->settings();
  if (pass_->shows == Pass::Shows::unchanged)
    return {clip.frames, largest_frame_.height, largest_frame_.width, pipeline_->frame_channels()};
  return {clip.frames, clip.size.height, clip.size.width, 3};
}

torch::Tensor Loader::take_buffer() {
  const auto [frames, height, width, channels] = clip_shape();
  const std::vector<std::int64_t> shape{options_.batch_size, frames, height, width, channels};
  // LibTorch keeps pinned memory itself, and knows when the device has read it.
  if (options_.pin_memory)
    return torch::empty(shape, torch::TensorOptions(torch::kUInt8).pinned_memory(true));
  for (const torch::Tensor& buffer : buffers_) {
    if (buffer.storage().use_count() == 1 && buffer.sizes() == shape) return buffer;
  }
  buffers_.erase(std::remove_if(buffers_.begin(), buffers_.end(),
                                [&](const torch::Tensor& buffer) { return buffer.sizes() != shape; }),
                 buffers_.end());
  buffers_.push_back(torch::empty(shape, torch::kUInt8));
  return buffers_.back();
}

// Opens the pass's next batch.
std::shared_ptr<Loader::PendingBatch> Loader::open_batch() {
  auto pending = std::make_shared<PendingBatch>();
  const std::size_t begin = pass_->next_start;
  const std::size_t count =
      std::min(static_cast<std::size_t>(options_.batch_size), pass_->order.size() - begin);
  pending->batch.clips = take_buffer().narrow(0, 0, static_cast<std::int64_t>(count));
  pending->batch.labels =
      torch::empty(static_cast<std::int64_t>(count),
                   torch::TensorOptions(torch::kInt64).pinned_memory(options_.pin_memory));
  pending->clips.resize(count);
  if (pass_->shows == Pass::Shows::unchanged) {
    pending->batch.changes = pipeline_->pending_changes();
    pending->batch.changes->values = torch::empty(
        {static_cast<std::int64_t>(count), pipeline_->settings().frames, PendingChanges::kValues},
        torch::TensorOptions(torch::kFloat32).pinned_memory(options_.pin_memory));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = pass_->order[begin + i];
    PendingBatch::Clip& clip = pending->clips[i];
    clip.ref = (*pass_->clips)[index];
    clip.known_bad = pipeline_->bad_clips().contains(clip.ref);
    pending->missing += clip.known_bad ? 0 : 1;
    pending->batch.indices.push_back(index);
    pending->batch.labels[static_cast<std::int64_t>(i)] = clip.ref.label;
    if (pending->batch.changes)
      clip.frames = UnchangedFrames(pending->batch.clips[static_cast<std::int64_t>(i)]);
  }
  pass_->next_start += count;
  return pending;
}

// Keeps as many batches under way as the memory allows.
void Loader::prepare_ahead() {
  if (options_.workers <= 0) return;
  const auto shape = clip_shape();
  // Unchanged frames are of unknown size at first; at least that of the images is a guess.
  const std::int64_t clip_bytes =
      std::max(pipeline_->bytes_per_clip(),
               std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
  const std::int64_t batch_bytes = clip_bytes * options_.batch_size;
  schedule(static_cast<std::size_t>(std::max<std::int64_t>(1, options_.prefetch_bytes / batch_bytes)));
}

// Opens batches until `depth` are under way.
void Loader::schedule(std::size_t depth) {
  while (pass_->queue.size() < depth && pass_->next_start < pass_->order.size()) {
    const std::shared_ptr<PendingBatch> pending = open_batch();
    pass_->queue.push_back(pending);
    for (std::size_t i = 0; i < pending->clips.size(); ++i) {
      if (pending->clips[i].known_bad) continue;
      pool_.post([pass = pass_, pipeline = pipeline_, pending, i] { pass->work(*pipeline, *pending, i); });
    }
  }
}

void Loader::wait_for(PendingBatch& pending) {
  std::unique_lock lock(pass_->mutex);
  double warn_after = kFirstWarning;
  TimeLimit grace(std::min(kGrace, options_.timeout_seconds));
  while (pending.missing > 0) {
    pass_->clip_done.wait_for(lock, std::chrono::milliseconds(200));
    const bool waited = grace.is_over();
    PendingBatch::Clip* const slowest = pending.slowest();
    if (pending.missing == 0 || slowest == nullptr) continue;
    const double seconds = seconds_since(*slowest->started);
    const ClipRef& clip = slowest->ref;
    if (waited && seconds > options_.timeout_seconds) {
      slowest->given_up = true;
      slowest->started.reset();
      slowest->error = std::make_exception_ptr(not_read_within(options_.timeout_seconds, clip));
      --pending.missing;
      if (pipeline_->bad_clips().skips()) {
        pool_.replace(slowest->worker);
      } else {
        pool_.abandon();
        return;
      }
    } else if (seconds > warn_after) {
      spdlog::warn("still reading clip '{}' after {}: {}", clip.name, format_duration(seconds),
                   clip.path.string());
      warn_after *= 2;
    }
  }
}

// Where frames outgrew the memory of their batch, all of its clips move to larger memory.
void Loader::make_room(const std::vector<UnchangedFrames>& clips, Batch& batch) {
  if (std::none_of(clips.begin(), clips.end(), [](const auto& clip) { return clip.outgrew_memory(); }))
    return;
  for (const UnchangedFrames& clip : clips) {
    largest_frame_.height = std::max(largest_frame_.height, static_cast<int>(clip.pixels().size(1)));
    largest_frame_.width = std::max(largest_frame_.width, static_cast<int>(clip.pixels().size(2)));
  }
  batch.clips = take_buffer().narrow(0, 0, static_cast<std::int64_t>(clips.size()));
  for (std::size_t i = 0; i < clips.size(); ++i)
    copy_frames(clips[i].pixels(), batch.clips[static_cast<std::int64_t>(i)]);
}

// The batch, without the clips that cannot be read.
Batch Loader::finish(PendingBatch& pending) {
  std::vector<std::int64_t> good;  // positions
  for (PendingBatch::Clip& clip : pending.clips) {
    if (clip.error) {
      try {
        std::rethrow_exception(std::exchange(clip.error, nullptr));
      } catch (const DataError& error) {
        pipeline_->bad_clips().add(clip.ref, error);
      }
    } else if (!clip.known_bad) {
      good.push_back(&clip - pending.clips.data());
    }
  }
  Batch batch =
      good.size() == pending.clips.size() ? std::move(pending.batch) : chosen_of(pending.batch, good);
  if (!batch.changes || good.empty()) return batch;
  std::vector<UnchangedFrames> frames;
  for (const std::int64_t i : good)
    frames.push_back(std::move(pending.clips[static_cast<std::size_t>(i)].frames));
  make_room(frames, batch);
  batch.changes = completed(std::move(*batch.changes), options_.pin_memory);
  return batch;
}

Batch Loader::next() {
  const auto start = Clock::now();
  Pass& pass = *pass_;
  if (pass.next_batch >= pass.batches) return {};
  ++pass.next_batch;
  schedule(1);
  if (pass.queue.empty()) return empty_batch();
  const std::shared_ptr<PendingBatch> pending = pass.queue.front();
  wait_for(*pending);
  pass.queue.pop_front();
  Batch batch = finish(*pending);
  prepare_ahead();
  wait_seconds_ += seconds_since(start);
  return batch;
}

}  // namespace actrec
