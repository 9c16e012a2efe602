#include "data/clip_pipeline.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "data/motion.h"
#include "data/sampler.h"

namespace actrec {

namespace {

// Views with these numbers are never drawn in training, which counts them from 0.
constexpr int kFirstTestDraw = 1 << 30;

}  // namespace

int working_size(const ClipSettings& clip) {
  if (clip.decode_size > 0) return clip.decode_size;
  // A seventh more than the network's input leaves room for enlarging and cropping.
  const int side = std::max(clip.size.height, clip.size.width);
  return (8 * side + 6) / 7;
}

std::unique_ptr<FrameSource> make_frame_source(const Settings& settings, CacheUse use) {
  const DataSettings& data = settings.data;
  FrameFormat format;
  if (data.cache == CacheMode::jpeg) format = {FrameEncoding::jpeg, data.cache_quality};
  const int short_side = working_size(settings.clip);
  const FrameCheck check = data.bad_videos == BadVideos::skip ? FrameCheck::all : FrameCheck::chosen;
  const bool cached = data.cache == CacheMode::jpeg || data.cache == CacheMode::raw;
  if (cached && use != CacheUse::none) {
    try {
      const auto limit = static_cast<std::uint64_t>(data.cache_gb * 1e9);
      auto cache =
          std::make_shared<FrameCache>(FrameCache::Options{cache_directory(data), limit, short_side, format});
      return std::make_unique<FrameSource>(std::move(cache), use, check);
    } catch (const Error& error) {
      spdlog::warn("there is no frame cache: {}; videos are decoded each time", error.what());
    }
  }
  return std::make_unique<FrameSource>(short_side, format, check);
}

std::shared_ptr<ClipPipeline> make_pipeline(const Settings& settings, CacheUse use) {
  return std::make_shared<ClipPipeline>(
      settings.clip, settings.augment, settings.train.seed, make_frame_source(settings, use),
      std::make_unique<BadClips>(settings.data.bad_videos, settings.data.max_bad_fraction));
}

ClipPipeline::ClipPipeline(const ClipSettings& clip, const AugmentSettings& augment, std::uint64_t seed,
                           std::unique_ptr<FrameSource> frames, std::unique_ptr<BadClips> bad_clips)
    : clip_(clip),
      augment_(augment),
      warp_(clip, augment),
      seed_(seed),
      frames_(std::move(frames)),
      bad_clips_(std::move(bad_clips)) {
  if (!frames_) frames_ = std::make_unique<FrameSource>(working_size(clip));
  if (!bad_clips_) bad_clips_ = std::make_unique<BadClips>();
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

cv::Mat ClipPipeline::image_at(std::uint8_t* pixels) const {
  return {clip_.size.height, clip_.size.width, CV_8UC3, pixels};
}

// Writes the images of the chosen frames to `pixels`, one after another, and their mirror images to
// `mirrored` where it is not null; either may be null.
void ClipPipeline::read(const ClipRef& clip, const FrameChooser& choose,
                        const AugmentationOf& augmentation_of, std::uint8_t* pixels, std::uint8_t* mirrored) {
  struct Target {
    std::uint8_t* pixels;
    bool flip;
    std::array<cv::Mat, kMotionFrames> grey;
  };
  std::vector<Target> targets;
  if (pixels != nullptr) targets.push_back({pixels, false, {}});
  if (mirrored != nullptr) targets.push_back({mirrored, true, {}});
  const bool motion = clip_.motion != MotionInput::none;
  const std::size_t parts = motion ? kMotionFrames : 1;
  Augmentation augmentation;
  frames_->read(
      clip, motion ? with_motion_frames(choose) : choose, [&](std::size_t position, const cv::Mat& frame) {
        const std::size_t image = position / parts, part = position % parts;
        if (part == 0) augmentation = augmentation_of(image);
        for (Target& target : targets) {
          Augmentation of_target = augmentation;
          of_target.flip = augmentation.flip != target.flip;
          cv::Mat output = image_at(target.pixels + static_cast<std::int64_t>(image) * bytes_per_frame());
          if (!motion) {
            warp_.rgb(frame, of_target, output);
            continue;
          }
          warp_.grey(frame, of_target, target.grey[part]);
          if (part + 1 == kMotionFrames) write_motion_image(target.grey, output);
        }
      });
}

void ClipPipeline::load(const ClipRef& clip, std::uint8_t* pixels) { load_plain(clip, pixels, nullptr); }

void ClipPipeline::load_test_view(const ClipRef& clip, int view, std::uint8_t* pixels) {
  if (view == 0) return load_plain(clip, pixels, nullptr);
  if (view == 1 && mirrors()) return load_plain(clip, nullptr, pixels);
  load_drawn(clip, kFirstTestDraw + view, 0, pixels);
}

void ClipPipeline::load_test_views(const ClipRef& clip, int views, std::uint8_t* pixels) {
  const bool mirrored = views > 1 && mirrors();
  load_plain(clip, pixels, mirrored ? pixels + bytes_per_clip() : nullptr);
  for (int view = mirrored ? 2 : 1; view < views; ++view)
    load_test_view(clip, view, pixels + view * bytes_per_clip());
}

void ClipPipeline::load_plain(const ClipRef& clip, std::uint8_t* pixels, std::uint8_t* mirrored) {
  require_fixed_length();
  const auto choose = [&](std::int64_t frame_count) {
    return sample_frames(frame_count, clip_, nullptr, clip.name);
  };
  read(
      clip, choose, [](std::size_t) { return Augmentation(); }, pixels, mirrored);
}

void ClipPipeline::load_augmented(const ClipRef& clip, int view, std::uint8_t* pixels) {
  load_drawn(clip, view, stable_hash(clip.name), pixels);
}

void ClipPipeline::load_drawn(const ClipRef& clip, int view, std::uint64_t item, std::uint8_t* pixels) {
  require_fixed_length();
  const auto number = static_cast<std::uint32_t>(view);
  const auto choose = [&](std::int64_t frame_count) {
    // Made here, because the choice may be made more than once and must then get the same draws.
    KeyedRandom random(seed_, Purpose::sample, number, item);
    return sample_frames(frame_count, clip_, &random, clip.name);
  };
  KeyedRandom random(seed_, Purpose::augment, number, item);
  Augmentation augmentation = draw_augmentation(augment_, random);
  const auto augmentation_of = [&](std::size_t position) {
    if (position > 0 && augment_.apply == AugmentPer::frame)
      augmentation = draw_augmentation(augment_, random);
    return augmentation;
  };
  read(clip, choose, augmentation_of, pixels);
}

void ClipPipeline::for_each_frame(const ClipRef& clip,
                                  const std::function<void(const std::uint8_t* pixels)>& visit) {
  if (clip_.sampling == Sampling::all) {
    visit_all(clip, visit);
    return;
  }
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(bytes_per_clip()));
  load(clip, pixels.data());
  for (std::int64_t i = 0; i < clip_.frames; ++i) visit(pixels.data() + i * bytes_per_frame());
}

void ClipPipeline::visit_all(const ClipRef& clip, const std::function<void(const std::uint8_t*)>& visit) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(bytes_per_frame()));
  FrameImages images = make_images();
  std::int64_t shown = 0;
  const auto show_ready = [&] {
    for (; shown < images.ready(); ++shown) {
      images.write(shown, 0, pixels.data());
      visit(pixels.data());
    }
  };
  frames_->read_all(clip, [&](std::size_t, const cv::Mat& frame) {
    images.push(frame);
    show_ready();
  });
  images.finish();
  show_ready();
}

}  // namespace actrec
