#include "data/clip_pipeline.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>
#include <utility>
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

// `pixels` has room for the images of the chosen frames, one after another.
struct ClipPipeline::Target {
  std::uint8_t* pixels;
  AugmentationOf augmentation_of;
  std::array<cv::Mat, kMotionFrames> grey = {};
};

// Writes the images of the chosen frames to each of the targets.
void ClipPipeline::read(const ClipRef& clip, const FrameChooser& choose, std::vector<Target> targets) {
  require_fixed_length();
  const bool motion = clip_.motion != MotionInput::none;
  const std::size_t parts = motion ? kMotionFrames : 1;
  frames_->read(
      clip, motion ? with_motion_frames(choose) : choose, [&](std::size_t position, const cv::Mat& frame) {
        const std::size_t image = position / parts, part = position % parts;
        for (Target& target : targets) {
          const Augmentation augmentation = target.augmentation_of(image);
          cv::Mat output = image_at(target.pixels + static_cast<std::int64_t>(image) * bytes_per_frame());
          if (!motion) {
            warp_.rgb(frame, augmentation, output);
            continue;
          }
          warp_.grey(frame, augmentation, target.grey[part]);
          if (part + 1 == kMotionFrames) write_motion_image(target.grey, output);
        }
      });
}

void ClipPipeline::load(const ClipRef& clip, std::uint8_t* pixels) {
  const auto choose = [&](std::int64_t frame_count) {
    return sample_frames(frame_count, clip_, nullptr, clip.name);
  };
  read(clip, choose, {{pixels, plain}});
}

void ClipPipeline::load_augmented(const ClipRef& clip, int view, std::uint8_t* pixels) {
  const std::uint64_t item = stable_hash(clip.name);
  read(clip, drawn_frames(clip, view, item), {{pixels, drawn(view, item)}});
}

void ClipPipeline::load_unchanged(const ClipRef& clip, int view, const FramePlace& place, float* values) {
  require_fixed_length();
  const std::uint64_t item = stable_hash(clip.name);
  const AugmentationOf augmentation_of = drawn(view, item);
  const FrameChooser choose = drawn_frames(clip, view, item);
  const auto describe = [&](std::size_t image, cv::Size size) {
    write_changes(size, clip_.size, clip_.resize, augmentation_of(image),
                  values + static_cast<std::int64_t>(image) * PendingChanges::kValues);
  };
  if (clip_.motion == MotionInput::none) {
    frames_->read(clip, choose, [&](std::size_t image, const cv::Mat& frame) {
      frame.copyTo(place(image, frame.size()));
      describe(image, frame.size());
    });
    return;
  }
  std::array<cv::Mat, kMotionFrames> grey;
  frames_->read(clip, with_motion_frames(choose), [&](std::size_t position, const cv::Mat& frame) {
    const std::size_t image = position / kMotionFrames, part = position % kMotionFrames;
    cv::cvtColor(frame, grey[part], cv::COLOR_RGB2GRAY);
    const cv::Size size = grey[0].size();
    if (grey[part].size() != size) cv::resize(grey[part], grey[part], size);
    if (part + 1 < kMotionFrames) return;
    cv::Mat target = place(image, size);
    cv::merge(grey.data(), grey.size(), target);
    describe(image, size);
  });
}

int ClipPipeline::frame_channels() const {
  return clip_.motion == MotionInput::none ? 3 : static_cast<int>(kMotionFrames);
}

PendingChanges ClipPipeline::pending_changes() const {
  PendingChanges changes;
  changes.size = clip_.size;
  changes.border = clip_.resize == Resize::letterbox ? Border::black : augment_.border;
  const ColorJitterSettings& jitter = augment_.color_jitter;
  changes.color = augment_.enabled &&
                  (jitter.brightness > 0 || jitter.contrast > 0 || jitter.saturation > 0 || jitter.hue > 0);
  return changes;
}

void ClipPipeline::load_test_view(const ClipRef& clip, int number, std::uint8_t* pixels) {
  const int view = number / augment_.test_clips, temporal_clip = number % augment_.test_clips;
  read(clip,
       draws_frames(view) ? drawn_frames(clip, kFirstTestDraw + view, 0)
                          : temporal_clips(clip, temporal_clip, temporal_clip + 1),
       {{pixels, test_augmentation(view)}});
}

void ClipPipeline::load_test_views(const ClipRef& clip, std::uint8_t* pixels) {
  std::vector<Target> same_frames;
  for (int view = 0; view < augment_.test_views; ++view) {
    std::uint8_t* const target = pixels + view * augment_.test_clips * bytes_per_clip();
    if (draws_frames(view)) {
      load_test_view(clip, view, target);
    } else {
      same_frames.push_back({target, test_augmentation(view)});
    }
  }
  read(clip, temporal_clips(clip, 0, augment_.test_clips), std::move(same_frames));
}

// Whether a view for evaluation chooses frames of its own.
bool ClipPipeline::draws_frames(int test_view) const {
  return augment_.test_clips == 1 && test_view > (mirrors() ? 1 : 0);
}

ClipPipeline::AugmentationOf ClipPipeline::test_augmentation(int view) const {
  if (view == 0) return plain;
  if (view > 1 || !mirrors()) return drawn(kFirstTestDraw + view, 0);
  return [](std::size_t) {
    Augmentation mirrored;
    mirrored.flip = true;
    return mirrored;
  };
}

ClipPipeline::AugmentationOf ClipPipeline::drawn(int view, std::uint64_t item) const {
  KeyedRandom random(seed_, Purpose::augment, static_cast<std::uint32_t>(view), item);
  std::vector<Augmentation> draws(augment_.apply == AugmentPer::frame ? static_cast<std::size_t>(clip_.frames)
                                                                      : 1);
  for (Augmentation& draw : draws) draw = draw_augmentation(augment_, random);
  return [draws = std::move(draws)](std::size_t image) { return draws[image % draws.size()]; };
}

FrameChooser ClipPipeline::drawn_frames(const ClipRef& clip, int view, std::uint64_t item) const {
  return [&clip, view, item, this](std::int64_t frame_count) {
    // Made here, because the choice may be made more than once and must then get the same draws.
    KeyedRandom random(seed_, Purpose::sample, static_cast<std::uint32_t>(view), item);
    return sample_frames(frame_count, clip_, &random, clip.name);
  };
}

FrameChooser ClipPipeline::temporal_clips(const ClipRef& clip, int first, int end) const {
  return [&clip, first, end, this](std::int64_t frame_count) {
    std::vector<std::int64_t> frames;
    for (int i = first; i < end; ++i) {
      const auto some = sample_temporal_clip(frame_count, clip_, {i, augment_.test_clips}, clip.name);
      frames.insert(frames.end(), some.begin(), some.end());
    }
    return frames;
  };
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
