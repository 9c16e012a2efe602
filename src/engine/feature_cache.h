#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "data/cache_directory.h"
#include "data/clip_ref.h"
#include "data/content_identity.h"
#include "engine/checkpoint.h"

namespace actrec {

// Features of clips from a frozen encoder, float16 [T, D], in the directory of the frame cache: a file for
// each clip and view. Identity, limit and eviction are the frame cache's: all that decides the numbers names
// the file, files appear complete or not at all, and damage shows in a checksum. Not for sharing between
// threads.
class FeatureCache {
 public:
  // What is kept for evaluation; training views count from 0.
  static constexpr int kEvaluation = -1;

  // `what` describes all that decides the features but the clip and the view: preprocessing, augmentation,
  // seed, network and weights. Throws Error when the directory cannot be used.
  FeatureCache(const std::filesystem::path& directory, std::uint64_t limit_bytes, std::string what);

  // Undefined where they are not in the cache, or damaged.
  torch::Tensor find(const ClipRef& clip, int view);
  bool contains(const ClipRef& clip, int view);  // without reading all of it
  // `features`: float16 [T, D], contiguous, on the CPU. False, and a warning once, where there is no room.
  bool store(const ClipRef& clip, int view, const torch::Tensor& features);

 private:
  std::filesystem::path file_of(const ClipRef& clip, int view);

  CacheDirectory directory_;
  std::string what_;
  ContentIdentities contents_;
  bool full_ = false;
};

// Where model.encoder.trainable is none, train.feature_views is not 0 and data.cache is raw or jpeg: the
// cache for the features of this model, which is on `device`. Null otherwise, and, with a warning, where the
// directory cannot be used.
std::unique_ptr<FeatureCache> make_feature_cache(const CheckpointInfo& info, const Recogniser& model,
                                                 const torch::Device& device);

}  // namespace actrec
