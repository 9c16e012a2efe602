#include "data/clip_pipeline.h"

#include <algorithm>

#include "core/error.h"
#include "data/sampler.h"

namespace actrec {
namespace {

int working_size(const ClipSettings& clip) {
  if (clip.decode_size > 0) return clip.decode_size;
  // A seventh more than the network's input leaves room for enlarging and cropping.
  const int side = std::max(clip.size.height, clip.size.width);
  return (8 * side + 6) / 7;
}

}  // namespace

ClipPipeline::ClipPipeline(const ClipSettings& clip, const AugmentSettings& augment, std::uint64_t seed)
    : clip_(clip), augment_(augment), seed_(seed), decoder_(working_size(clip)) {}

std::int64_t ClipPipeline::bytes_per_frame() const {
  return std::int64_t{3} * clip_.size.height * clip_.size.width;
}

std::int64_t ClipPipeline::bytes_per_clip() const { return bytes_per_frame() * clip_.frames; }

void ClipPipeline::require_fixed_length() const {
  if (clip_.sampling == Sampling::all) {
    throw ConfigError(
        "clip.sampling is `all`, which gives clips of different lengths, where a batch of clips is needed",
        "set clip.sampling to segment or dense");
  }
}

std::vector<cv::Mat> ClipPipeline::decode(const ClipRef& clip, const KeyedRandom* random) {
  return decoder_.decode(clip, [&](std::int64_t frame_count) {
    if (random == nullptr) return sample_frames(frame_count, clip_, nullptr, clip.name);
    // A copy, because the decoder may choose more than once and must then get the same draws.
    KeyedRandom draws = *random;
    return sample_frames(frame_count, clip_, &draws, clip.name);
  });
}

void ClipPipeline::write(const cv::Mat& frame, const Augmentation& augmentation, std::uint8_t* pixels) const {
  cv::Mat output(clip_.size.height, clip_.size.width, CV_8UC3, pixels);
  augment_frame(frame, clip_.size, clip_.resize, augment_.border, augmentation, output);
}

void ClipPipeline::load(const ClipRef& clip, std::uint8_t* pixels) {
  require_fixed_length();
  for (const cv::Mat& frame : decode(clip, nullptr)) {
    write(frame, Augmentation(), pixels);
    pixels += bytes_per_frame();
  }
}

void ClipPipeline::load_augmented(const ClipRef& clip, int epoch, std::uint8_t* pixels) {
  require_fixed_length();
  const std::uint64_t item = stable_hash(clip.name);
  const auto number = static_cast<std::uint32_t>(epoch);
  const KeyedRandom sampling(seed_, Purpose::sample, number, item);
  KeyedRandom augmenting(seed_, Purpose::augment, number, item);
  Augmentation augmentation = draw_augmentation(augment_, augmenting);
  bool first = true;
  for (const cv::Mat& frame : decode(clip, &sampling)) {
    if (!first && augment_.apply == AugmentPer::frame) augmentation = draw_augmentation(augment_, augmenting);
    first = false;
    write(frame, augmentation, pixels);
    pixels += bytes_per_frame();
  }
}

std::int64_t ClipPipeline::load_variable(const ClipRef& clip, std::vector<std::uint8_t>& pixels) {
  const std::vector<cv::Mat> frames = decode(clip, nullptr);
  const auto frame_bytes = static_cast<std::size_t>(bytes_per_frame());
  std::size_t at = pixels.size();
  pixels.resize(at + frames.size() * frame_bytes);
  for (const cv::Mat& frame : frames) {
    write(frame, Augmentation(), pixels.data() + at);
    at += frame_bytes;
  }
  return static_cast<std::int64_t>(frames.size());
}

}  // namespace actrec
