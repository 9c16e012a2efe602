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
                             const torch::Device& device, int batch_size, int views)
    : pixels_(pixels),
      cache_(cache),
      model_(std::move(model)),
      device_(device),
      batch_size_(static_cast<std::size_t>(batch_size)),
      views_(views) {}

void FeatureLoader::start_evaluation(const std::vector<ClipRef>& clips) {
  from_pixels_ = !fill(clips, FeatureCache::kEvaluation);
  if (from_pixels_) return pixels_.start_evaluation(clips);
  order_.resize(clips.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
}

void FeatureLoader::resume_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch,
                                    std::size_t first_batch) {
  from_pixels_ = !fill(clips, epoch % views_);
  if (from_pixels_) return pixels_.resume_training(clips, seed, epoch, first_batch);
  order_ = training_order(clips.size(), seed, epoch);
  next_ = first_batch * batch_size_;
}

// Completes the view of these clips in the cache; false where it has no room.
bool FeatureLoader::fill(const std::vector<ClipRef>& clips, int view) {
  clips_ = &clips;
  view_ = view;
  next_ = 0;
  wait_seconds_ = 0;
  std::vector<ClipRef> missing;
  std::copy_if(clips.begin(), clips.end(), std::back_inserter(missing),
               [&](const ClipRef& clip) { return !cache_.contains(clip, view); });
  if (missing.empty()) return true;
  const auto start = Clock::now();
  start_pixels(missing);
  for (Batch batch = pixels_.next(); batch.clips.defined(); batch = pixels_.next()) {
    if (stop_requested()) throw Interrupted();
    const torch::Tensor features = encode(batch);
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      if (!cache_.store(missing[batch.indices[i]], view, features[static_cast<std::int64_t>(i)]))
        return false;
    }
  }
  spdlog::info("features of {} computed in {}{}",
               format_count(static_cast<std::int64_t>(missing.size()), "clip"),
               format_duration(seconds_since(start)),
               view == FeatureCache::kEvaluation ? "" : fmt::format(", view {} of {}", view + 1, views_));
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

// What is not in the cache any more, or damaged there.
torch::Tensor FeatureLoader::compute(const ClipRef& clip) {
  const std::vector<ClipRef> one{clip};
  start_pixels(one);
  const torch::Tensor features = encode(pixels_.next())[0];
  cache_.store(clip, view_, features);
  return features;
}

std::size_t FeatureLoader::batches() const {
  return from_pixels_ ? pixels_.batches() : (order_.size() + batch_size_ - 1) / batch_size_;
}

Batch FeatureLoader::next() {
  if (from_pixels_) return pixels_.next();
  if (next_ >= order_.size()) return {};
  const auto start = Clock::now();
  Batch batch;
  std::vector<torch::Tensor> features;
  std::vector<std::int64_t> labels;
  for (const std::size_t end = std::min(order_.size(), next_ + batch_size_); next_ < end; ++next_) {
    const ClipRef& clip = (*clips_)[order_[next_]];
    const torch::Tensor found = cache_.find(clip, view_);
    features.push_back(found.defined() ? found : compute(clip));
    labels.push_back(clip.label);
    batch.indices.push_back(order_[next_]);
  }
  batch.clips = torch::stack(features);
  batch.labels = torch::tensor(labels, torch::kInt64);
  wait_seconds_ += seconds_since(start);
  return batch;
}

double FeatureLoader::wait_seconds() const { return from_pixels_ ? pixels_.wait_seconds() : wait_seconds_; }

}  // namespace actrec
