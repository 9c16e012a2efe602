#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "config/settings.h"
#include "core/random.h"
#include "data/augment.h"
#include "data/clip_ref.h"
#include "data/frame_decoder.h"

namespace actrec {

// From a clip to the pixels the network gets: sampler, decoder, augmentation. The only preprocessing
// there is: training, evaluation and prediction all call it, so that the same clip gives the same bytes
// everywhere. Safe to call from many threads at once.
class ClipPipeline {
 public:
  ClipPipeline(const ClipSettings& clip, const AugmentSettings& augment, std::uint64_t seed);

  // Writes the frames for evaluation to `pixels`, uint8 RGB [T, height, width, 3] with T = clip.frames.
  // Not for Sampling::all, whose clips have no fixed length: ConfigError.
  void load(const ClipRef& clip, std::uint8_t* pixels);
  // The same with the random frames and augmentation of (seed, epoch, clip).
  void load_augmented(const ClipRef& clip, int epoch, std::uint8_t* pixels);
  // Evaluation with Sampling::all or any other: as many frames as the sampling gives, appended one after
  // another to `pixels`; returns how many.
  std::int64_t load_variable(const ClipRef& clip, std::vector<std::uint8_t>& pixels);

  const ClipSettings& settings() const { return clip_; }
  std::int64_t bytes_per_frame() const;
  std::int64_t bytes_per_clip() const;  // of load()

 private:
  std::vector<cv::Mat> decode(const ClipRef& clip, const KeyedRandom* random);
  void require_fixed_length() const;
  void write(const cv::Mat& frame, const Augmentation& augmentation, std::uint8_t* pixels) const;

  ClipSettings clip_;
  AugmentSettings augment_;
  std::uint64_t seed_;
  FrameDecoder decoder_;
};

}  // namespace actrec
