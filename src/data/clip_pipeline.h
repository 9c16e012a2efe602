#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "config/settings.h"
#include "core/random.h"
#include "data/augment.h"
#include "data/bad_clips.h"
#include "data/clip_ref.h"
#include "data/frame_images.h"
#include "data/frame_source.h"
#include "data/pending_changes.h"

namespace actrec {

// Is told the size of a clip's frame for image `image`, and returns where to write it: an 8-bit matrix of
// that size and ClipPipeline::frame_channels().
using FramePlace = std::function<cv::Mat(std::size_t image, cv::Size size)>;

// From a clip to the pixels the network gets: sampler, decoder, augmentation, and motion images (motion.h)
// where clip.motion asks for them. The only preprocessing there is: training, evaluation and prediction all
// call it, so that the same clip gives the same bytes everywhere. Safe to call from many threads at once.
class ClipPipeline {
 public:
  // `frames` gives the frames in the working size of `clip`; null decodes them. `bad_clips` is for those who
  // read the clips of a run through this pipeline; null makes every bad clip an error.
  ClipPipeline(const ClipSettings& clip, const AugmentSettings& augment, std::uint64_t seed,
               std::unique_ptr<FrameSource> frames = nullptr, std::unique_ptr<BadClips> bad_clips = nullptr);

  // Writes the frames for evaluation to `pixels`, uint8 RGB [T, height, width, 3] with T = clip.frames.
  // Not for Sampling::all, whose clips have no fixed length: ConfigError.
  void load(const ClipRef& clip, std::uint8_t* pixels);
  // How many views of a clip evaluation averages: each of augment.test_clips temporal clips (sampler.h) in
  // each of augment.test_views.
  int test_views() const { return augment_.test_views * augment_.test_clips; }
  // One of them, 0 <= number < test_views(). Temporal clip c in view v has number v * test_clips + c. View 0
  // is plain, 1 the mirror image, where clips are mirrored in training, and the others are augmented, all
  // clips alike; where there is only one temporal clip, they draw their frames as well.
  void load_test_view(const ClipRef& clip, int number, std::uint8_t* pixels);
  // All of them, one after another in `pixels`; those that need no other frames cost no decoding.
  void load_test_views(const ClipRef& clip, std::uint8_t* pixels);
  // The same as load() with random frames and augmentation, drawn by (seed, view, clip).
  void load_augmented(const ClipRef& clip, int view, std::uint8_t* pixels);
  // The same without making the changes: the working frames that load_augmented() makes images of, in order,
  // and what make_changes() needs to know to make them, PendingChanges::kValues an image.
  void load_unchanged(const ClipRef& clip, int view, const FramePlace& place, float* values);
  int frame_channels() const;              // of such a frame
  PendingChanges pending_changes() const;  // of such clips, without the values
  // Evaluation with any sampling: passes the frames, uint8 RGB [height, width, 3], one after another to
  // `visit`, where each is valid during the call. With Sampling::all, memory does not grow with the clip.
  void for_each_frame(const ClipRef& clip, const std::function<void(const std::uint8_t* pixels)>& visit);
  // Throws ConfigError for Sampling::all, whose clips have no fixed length.
  void require_fixed_length() const;
  // Puts the clip's frames into the cache, if there is one, and returns the bytes that they take there; 0
  // where the cache takes no more.
  std::uint64_t prepare(const ClipRef& clip) { return frames_->prepare(clip); }

  // The clips that could not be read so far. The functions above throw for a bad clip and leave it to their
  // caller to add it here.
  BadClips& bad_clips() { return *bad_clips_; }
  // For frames that do not come from a clip: a frame reduced to the working size, as it would come from the
  // cache, valid until the thread's next call; and what makes images of such frames.
  cv::Mat as_cached(const cv::Mat& reduced) const { return frames_->as_cached(reduced); }
  FrameImages make_images(int views = 1) const { return {clip_, augment_, views}; }
  // Whether the second test view is the mirror image.
  bool mirrors() const { return augment_.enabled && augment_.horizontal_flip > 0; }
  // Drops what is remembered of a clip that does not come again.
  void forget(const ClipRef& clip) { frames_->forget(clip); }
  // All that has been decoded so far.
  DecodedAmount decoded() const { return frames_->decoded(); }

  const ClipSettings& settings() const { return clip_; }
  std::int64_t bytes_per_frame() const;
  std::int64_t bytes_per_clip() const;  // of load()

 private:
  // Of image i of a clip; those of several temporal clips follow one another.
  using AugmentationOf = std::function<Augmentation(std::size_t image)>;
  struct Target;  // where a view is written to
  static Augmentation plain(std::size_t) { return {}; }
  AugmentationOf drawn(int view, std::uint64_t item) const;
  AugmentationOf test_augmentation(int view) const;
  FrameChooser drawn_frames(const ClipRef& clip, int view, std::uint64_t item) const;
  FrameChooser temporal_clips(const ClipRef& clip, int first, int end) const;
  bool draws_frames(int test_view) const;
  void read(const ClipRef& clip, const FrameChooser& choose, std::vector<Target> targets);
  void visit_all(const ClipRef& clip, const std::function<void(const std::uint8_t* pixels)>& visit);
  cv::Mat image_at(std::uint8_t* pixels) const;

  ClipSettings clip_;
  AugmentSettings augment_;
  FrameWarp warp_;
  std::uint64_t seed_;
  std::unique_ptr<FrameSource> frames_;
  std::unique_ptr<BadClips> bad_clips_;
};

// The frames of the settings' clips in their working size, with the frame cache that data.cache names
// (`auto`, not yet resolved by plan_cache(), means none). A cache directory that cannot be used is a warning.
std::unique_ptr<FrameSource> make_frame_source(const Settings& settings, CacheUse use);

// The pipeline of the settings, on these frames.
std::shared_ptr<ClipPipeline> make_pipeline(const Settings& settings, CacheUse use);

// The short side in pixels that frames are reduced to before augmentation.
int working_size(const ClipSettings& clip);

}  // namespace actrec
