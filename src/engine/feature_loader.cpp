#include "engine/feature_loader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "core/text.h"

namespace actrec {

FeatureLoader::FeatureLoader(Loader& pixels, FeatureCache& cache, std::shared_ptr<Recogniser> model,
                             const torch::Device& device, int batch_size, int views, ProcessGroup& group)
    : pixels_(pixels),
      cache_(cache),
      model_(std::move(model)),
      device_(device),
      batch_size_(static_cast<std::size_t>(batch_size)),
      views_(views),
      group_(group) {}

void FeatureLoader::start_evaluation(const std::vector<ClipRef>& clips) {
  begin(clips, FeatureCache::kEvaluation);
  from_pixels_ = !fill(clips);
  if (from_pixels_) return pixels_.start_evaluation(clips);
  order_.resize(clips.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  batches_ = (order_.size() + batch_size_ - 1) / batch_size_;
}

void FeatureLoader::resume_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch,
                                    std::size_t first_batch) {
  begin(clips, epoch % views_);
  ShardOrder own = shard_of(training_order(clips.size(), seed, epoch), batch_size_, group_.shard());
  // Each process computes an equal part, whatever it needs itself; only then what it needs and cannot find,
  // because the others keep their caches elsewhere.
  from_pixels_ = !fill(part_of(clips, group_.shard()));
  group_.wait_for_all();
  if (!group_.alone() && !from_pixels_) {
    std::vector<ClipRef> needed;
    for (const std::size_t i : own.clips) needed.push_back(clips[i]);
    from_pixels_ = !fill(needed);
  }
  if (from_pixels_) return pixels_.resume_training(clips, seed, epoch, first_batch);
  order_ = std::move(own.clips);
  batches_ = own.batches;
  next_batch_ = first_batch;
  next_ = first_batch * batch_size_;
}

void FeatureLoader::begin(const std::vector<ClipRef>& clips, int view) {
  clips_ = &clips;
  view_ = view;
  next_ = next_batch_ = 0;
  wait_seconds_ = 0;
}

// Completes the view of these clips in the cache; false where it has no room.
bool FeatureLoader::fill(const std::vector<ClipRef>& clips) {
  std::vector<ClipRef> missing;
  std::copy_if(clips.begin(), clips.end(), std::back_inserter(missing),
               [&](const ClipRef& clip) { return !is_bad(clip) && !cache_.contains(clip, view_); });
  if (missing.empty()) return true;
  const auto start = Clock::now();
  start_pixels(missing);
  for (Batch batch = pixels_.next(); batch.clips.defined(); batch = pixels_.next()) {
    if (stop_requested() && group_.alone())
      throw Interrupted();  // several processes agree on it between steps
    if (batch.indices.empty()) continue;
    const torch::Tensor features = encode(batch);
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      if (!cache_.store(missing[batch.indices[i]], view_, features[static_cast<std::int64_t>(i)]))
        return false;
    }
  }
  spdlog::info("features of {} computed in {}{}",
               format_count(static_cast<std::int64_t>(missing.size()), "clip"),
               format_duration(seconds_since(start)),
               view_ == FeatureCache::kEvaluation ? "" : fmt::format(", view {} of {}", view_ + 1, views_));
  return true;
}

void FeatureLoader::start_pixels(const std::vector<ClipRef>& clips) {
  if (view_ == FeatureCache::kEvaluation) {
    pixels_.start_evaluation(clips);
  } else {
    pixels_.start_view(clips, view_);
  }
}

// float16 [B, T, D] on the CPU.
torch::Tensor FeatureLoader::encode(const Batch& pixels) {
  torch::NoGradGuard no_grad;
  return model_->encode(pixels.clips.to(device_, true)).to(torch::kCPU, torch::kFloat16).contiguous();
}

// What is not in the cache any more, or damaged there. Undefined where the clip cannot be read.
torch::Tensor FeatureLoader::compute(const ClipRef& clip) {
  const std::vector<ClipRef> one{clip};
  start_pixels(one);
  const Batch batch = pixels_.next();
  if (batch.indices.empty()) return {};
  const torch::Tensor features = encode(batch)[0];
  cache_.store(clip, view_, features);
  return features;
}

std::size_t FeatureLoader::batches() const { return from_pixels_ ? pixels_.batches() : batches_; }

Batch FeatureLoader::next() {
  if (from_pixels_) return pixels_.next();
  if (next_batch_ >= batches_) return {};
  ++next_batch_;
  const auto start = Clock::now();
  Batch batch;
  std::vector<torch::Tensor> features;
  std::vector<std::int64_t> labels;
  for (const std::size_t end = std::min(order_.size(), next_ + batch_size_); next_ < end; ++next_) {
    const ClipRef& clip = (*clips_)[order_[next_]];
    if (is_bad(clip)) continue;
    torch::Tensor found = cache_.find(clip, view_);
    if (!found.defined()) found = compute(clip);
    if (!found.defined()) continue;
    features.push_back(found);
    labels.push_back(clip.label);
    batch.indices.push_back(order_[next_]);
  }
  batch.clips = features.empty() ? torch::empty({0}, torch::kFloat16) : torch::stack(features);
  batch.labels = torch::tensor(labels, torch::kInt64);
  if (device_.is_cuda()) {
    batch.clips = batch.clips.pin_memory();
    batch.labels = batch.labels.pin_memory();
  }
  wait_seconds_ += seconds_since(start);
  return batch;
}

double FeatureLoader::wait_seconds() const { return from_pixels_ ? pixels_.wait_seconds() : wait_seconds_; }

}  // namespace actrec
