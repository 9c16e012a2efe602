#include "data/clip_pipeline.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "data/sampler.h"

namespace actrec {

int working_size(const ClipSettings& clip) {
  if (clip.decode_size > 0) return clip.decode_size;
  // A seventh more than the network's input leaves room for enlarging and cropping.
  const int side = std::max(clip.size.height, clip.size.width);
  return (8 * side + 6) / 7;
}

std::shared_ptr<ClipPipeline> make_pipeline(const Settings& settings, CacheUse use) {
  const DataSettings& data = settings.data;
  FrameFormat format;
  if (data.cache == CacheMode::jpeg) format = {FrameEncoding::jpeg, data.cache_quality};
  const int short_side = working_size(settings.clip);
  auto frames = std::make_unique<FrameSource>(short_side, format);
  const bool cached = data.cache == CacheMode::jpeg || data.cache == CacheMode::raw;
  if (cached && use != CacheUse::none) {
    try {
      const auto limit = static_cast<std::uint64_t>(data.cache_gb * 1e9);
      auto cache =
          std::make_shared<FrameCache>(FrameCache::Options{cache_directory(data), limit, short_side, format});
      frames = std::make_unique<FrameSource>(std::move(cache), use);
    } catch (const Error& error) {
      spdlog::warn("there is no frame cache: {}; videos are decoded each time", error.what());
    }
  }
  return std::make_shared<ClipPipeline>(settings.clip, settings.augment, settings.train.seed,
                                        std::move(frames));
}

ClipPipeline::ClipPipeline(const ClipSettings& clip, const AugmentSettings& augment, std::uint64_t seed,
                           std::unique_ptr<FrameSource> frames)
    : clip_(clip), augment_(augment), seed_(seed), frames_(std::move(frames)) {
  if (!frames_) frames_ = std::make_unique<FrameSource>(working_size(clip));
}

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

void ClipPipeline::write(const cv::Mat& frame, const Augmentation& augmentation, std::uint8_t* pixels) const {
  cv::Mat output(clip_.size.height, clip_.size.width, CV_8UC3, pixels);
  augment_frame(frame, clip_.size, clip_.resize, augment_.border, augmentation, output);
}

void ClipPipeline::load(const ClipRef& clip, std::uint8_t* pixels) {
  require_fixed_length();
  const auto choose = [&](std::int64_t frame_count) {
    return sample_frames(frame_count, clip_, nullptr, clip.name);
  };
  frames_->read(clip, choose, [&](std::size_t position, const cv::Mat& frame) {
    write(frame, Augmentation(), pixels + static_cast<std::int64_t>(position) * bytes_per_frame());
  });
}

void ClipPipeline::load_augmented(const ClipRef& clip, int view, std::uint8_t* pixels) {
  require_fixed_length();
  const std::uint64_t item = stable_hash(clip.name);
  const auto number = static_cast<std::uint32_t>(view);
  const auto choose = [&](std::int64_t frame_count) {
    // Made here, because the choice may be made more than once and must then get the same draws.
    KeyedRandom random(seed_, Purpose::sample, number, item);
    return sample_frames(frame_count, clip_, &random, clip.name);
  };
  KeyedRandom random(seed_, Purpose::augment, number, item);
  Augmentation augmentation = draw_augmentation(augment_, random);
  frames_->read(clip, choose, [&](std::size_t position, const cv::Mat& frame) {
    if (position > 0 && augment_.apply == AugmentPer::frame)
      augmentation = draw_augmentation(augment_, random);
    write(frame, augmentation, pixels + static_cast<std::int64_t>(position) * bytes_per_frame());
  });
}

void ClipPipeline::for_each_frame(const ClipRef& clip,
                                  const std::function<void(const std::uint8_t* pixels)>& visit) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(bytes_per_frame()));
  const auto pass_on = [&](std::size_t, const cv::Mat& frame) {
    write(frame, Augmentation(), pixels.data());
    visit(pixels.data());
  };
  if (clip_.sampling == Sampling::all) {
    frames_->read_all(clip, pass_on);
    return;
  }
  const auto choose = [&](std::int64_t frame_count) {
    return sample_frames(frame_count, clip_, nullptr, clip.name);
  };
  frames_->read(clip, choose, pass_on);
}

}  // namespace actrec
