#include "data/sampler.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

// Too few frames: position i of the clip continued beyond its end.
std::int64_t wrap(std::int64_t i, std::int64_t frame_count, ShortClips short_clips) {
  return short_clips == ShortClips::loop ? i % frame_count : std::min(i, frame_count - 1);
}

void require(std::int64_t needed, std::int64_t frame_count, const ClipSettings& settings,
             const std::string& clip_name) {
  if (settings.short_clips != ShortClips::error || frame_count >= needed) return;
  throw DataError("clip '" + clip_name + "' has " + format_count(frame_count, "frame") + ", but " +
                      std::to_string(needed) + " are needed",
                  "set clip.short_clips to repeat or loop, lower clip.frames, or remove the clip");
}

std::vector<std::int64_t> segment_frames(std::int64_t frame_count, const ClipSettings& settings,
                                         const TemporalClip& temporal_clip, KeyedRandom* random) {
  const std::int64_t segments = settings.frames;
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < segments; ++i) {
    if (frame_count < segments) {
      frames.push_back(wrap(i, frame_count, settings.short_clips));
    } else if (random == nullptr) {
      const std::int64_t part = i * temporal_clip.count + temporal_clip.index;
      frames.push_back((2 * part + 1) * frame_count / (2 * segments * temporal_clip.count));
    } else {
      const std::int64_t begin = i * frame_count / segments;
      const std::int64_t end = (i + 1) * frame_count / segments;
      frames.push_back(begin +
                       static_cast<std::int64_t>(random->below(static_cast<std::uint64_t>(end - begin))));
    }
  }
  return frames;
}

std::vector<std::int64_t> dense_frames(std::int64_t frame_count, std::int64_t span,
                                       const ClipSettings& settings, const TemporalClip& temporal_clip,
                                       KeyedRandom* random) {
  const std::int64_t last_start = std::max<std::int64_t>(0, frame_count - span);
  std::int64_t start = (2 * temporal_clip.index + 1) * last_start / (2 * temporal_clip.count);
  if (random != nullptr && last_start > 0)
    start = static_cast<std::int64_t>(random->below(static_cast<std::uint64_t>(last_start + 1)));
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < settings.frames; ++i) {
    frames.push_back(wrap(start + i * settings.stride, frame_count, settings.short_clips));
  }
  return frames;
}

std::vector<std::int64_t> sample(std::int64_t frame_count, const ClipSettings& settings,
                                 const TemporalClip& temporal_clip, KeyedRandom* random,
                                 const std::string& clip_name) {
  if (frame_count < 1) throw DataError("clip '" + clip_name + "' has no frames");
  switch (settings.sampling) {
    case Sampling::segment:
      require(settings.frames, frame_count, settings, clip_name);
      return segment_frames(frame_count, settings, temporal_clip, random);
    case Sampling::dense: {
      const std::int64_t span = (std::int64_t{settings.frames} - 1) * settings.stride + 1;
      require(span, frame_count, settings, clip_name);
      return dense_frames(frame_count, span, settings, temporal_clip, random);
    }
    case Sampling::all:
      break;
  }
  std::vector<std::int64_t> frames(static_cast<std::size_t>(frame_count));
  for (std::int64_t i = 0; i < frame_count; ++i) frames[static_cast<std::size_t>(i)] = i;
  return frames;
}

}  // namespace

std::vector<std::int64_t> sample_frames(std::int64_t frame_count, const ClipSettings& settings,
                                        KeyedRandom* random, const std::string& clip_name) {
  return sample(frame_count, settings, {}, random, clip_name);
}

std::vector<std::int64_t> sample_temporal_clip(std::int64_t frame_count, const ClipSettings& settings,
                                               const TemporalClip& temporal_clip,
                                               const std::string& clip_name) {
  return sample(frame_count, settings, temporal_clip, nullptr, clip_name);
}

}  // namespace actrec
