#include "data/frame_decoder.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

using Indices = std::vector<std::int64_t>;

// A header that claims more than this is not worth a try.
constexpr std::int64_t kMaxClaim = 10'000'000;

std::string key(const ClipRef& clip) {
  return clip.path.string() + '\n' + std::to_string(clip.begin_seconds) + '\n' +
         std::to_string(clip.end_seconds);
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

DataError nothing_in_clip(const ClipRef& clip, double last_time, bool video_ended) {
  if (clip.whole()) {
    return DataError(clip.path.string() + " has no frame that can be decoded",
                     "the file is damaged; copy or convert it again, or remove it from the data set");
  }
  const std::string what = clip.path.string() + " has no frame between " + seconds_text(clip.begin_seconds) +
                           " and " + seconds_text(clip.end_seconds);
  if (!video_ended) return DataError(what, "the part is shorter than a frame; widen it");
  return DataError(what + ": its last frame is at " + seconds_text(last_time),
                   "correct the clip's begin and end");
}

// The chosen frames, reduced, by index in the clip.
using Frames = std::map<std::int64_t, cv::Mat>;

std::optional<std::vector<cv::Mat>> in_order(const Frames& frames, const Indices& wanted) {
  std::vector<cv::Mat> images;
  for (const std::int64_t i : wanted) {
    const auto found = frames.find(i);
    if (found == frames.end()) return std::nullopt;
    images.push_back(found->second);
  }
  return images;
}

// The wanted frames of a clip that begins at frame `first`; nothing where the video does not have them all,
// or a seek has failed.
std::optional<std::vector<cv::Mat>> pick(VideoWalk& walk, const Indices& wanted, std::int64_t first,
                                         int short_side) {
  Frames frames;
  for (const std::int64_t i : std::set<std::int64_t>(wanted.begin(), wanted.end())) {
    if (!walk.go_to(first + i)) return std::nullopt;
    frames[i] = walk.reduced_frame(short_side);
  }
  if (!walk.intact()) return std::nullopt;
  return in_order(frames, wanted);
}

// The frames for a number that may be wrong; none where it would not do (too few frames, say).
Indices choose_tentatively(const FrameChooser& choose, std::int64_t frame_count) {
  if (frame_count == 0) return {};
  try {
    return choose(frame_count);
  } catch (const Error&) {
    return {};
  }
}

// Runs `work`; its errors get the clip's name.
template <typename Work>
auto naming_clip(const ClipRef& clip, const Work& work) {
  const auto named = [&](const std::string& what, const std::string& hint) {
    // The sampler names the clip itself.
    return what.find(clip.name) != std::string::npos ? DataError(what, hint)
                                                     : DataError("clip '" + clip.name + "': " + what, hint);
  };
  try {
    return work();
  } catch (const DataError& error) {
    throw named(error.what(), error.hint());
  } catch (const cv::Exception& error) {
    throw named(clip.path.string() + " could not be decoded: " + error.err, "check that it plays");
  }
}

}  // namespace

std::int64_t expected_frames(const VideoHeader& header, const ClipRef& clip) {
  const double rate = header.frames_per_second > 0 ? header.frames_per_second : kFallbackFramesPerSecond;
  double frames = static_cast<double>(header.claimed_frames);
  if (frames == 0) frames = std::round(header.duration_seconds * rate);
  if (!clip.whole()) {
    // Frame i is shown at i / rate; rounding errors must not move one across begin or end.
    constexpr double kSlack = 1e-6;
    frames = std::min(frames, std::ceil(clip.end_seconds * rate - kSlack)) -
             std::max(0.0, std::ceil(clip.begin_seconds * rate - kSlack));
  }
  return frames >= 1 && frames <= kMaxClaim ? static_cast<std::int64_t>(frames) : 0;
}

std::vector<cv::Mat> FrameDecoder::decode(const ClipRef& clip, const FrameChooser& choose) {
  return naming_clip(clip, [&] {
    const std::optional<Span> known = remembered(clip);
    return known ? decode_known(clip, choose, *known) : decode_unknown(clip, choose);
  });
}

FrameDecoder::Span FrameDecoder::go_through(const ClipRef& clip,
                                            const std::function<void(std::int64_t, VideoWalk&)>& visit) {
  Span span;
  double last_time = 0, first_time = 0, end_time = 0;
  bool video_ended = false;
  // False, before any visit, where a seek has failed.
  const auto go = [&](VideoWalk& walk) {
    if (!walk.approach(clip.begin_seconds)) return false;
    for (;;) {
      video_ended = !walk.step();
      if (video_ended) break;
      last_time = walk.time_seconds();
      if (last_time < clip.begin_seconds) continue;
      if (last_time >= clip.end_seconds) break;
      if (span.count == 0) {
        if (!walk.intact()) return false;
        span.first = walk.index();
        first_time = last_time;
      }
      visit(span.count++, walk);
      end_time = last_time;
    }
    remember(clip, span, end_time - first_time, walk);
    return true;
  };
  VideoWalk walk(clip.path, key_frames(clip));
  if (!go(walk)) {
    never_seek(clip);
    VideoWalk from_the_start(clip.path, {});
    go(from_the_start);
  }
  if (span.count == 0) throw nothing_in_clip(clip, last_time, video_ended);
  return span;
}

void FrameDecoder::decode_all(const ClipRef& clip, const std::function<void(const cv::Mat&)>& visit) {
  naming_clip(clip, [&] {
    go_through(clip, [&](std::int64_t, VideoWalk& walk) { visit(walk.reduced_frame(short_side_)); });
  });
}

std::vector<cv::Mat> FrameDecoder::decode_known(const ClipRef& clip, const FrameChooser& choose,
                                                const Span& span) {
  const Indices wanted = choose(span.count);
  VideoWalk walk(clip.path, key_frames(clip));
  if (auto images = pick(walk, wanted, span.first, short_side_)) return *images;
  if (walk.has_sought()) {
    never_seek(clip);
    VideoWalk forward(clip.path, {});
    if (auto images = pick(forward, wanted, span.first, short_side_)) return *images;
  }
  // The file has become shorter since it was measured.
  forget(clip);
  return decode_unknown(clip, choose);
}

std::vector<cv::Mat> FrameDecoder::decode_unknown(const ClipRef& clip, const FrameChooser& choose) {
  // Headers are right often enough to read with their number first: then this one pass is all.
  std::set<std::int64_t> tentative;
  Frames frames;
  const Span span = go_through(clip, [&](std::int64_t i, VideoWalk& walk) {
    if (i == 0) {
      const Indices chosen = choose_tentatively(choose, expected_frames(walk.header(), clip));
      tentative.insert(chosen.begin(), chosen.end());
    }
    if (tentative.count(i) > 0) {
      frames[i] = walk.reduced_frame(short_side_);
    } else if (check_ == FrameCheck::all) {
      walk.reduced_frame(short_side_);
    }
  });
  const Indices wanted = choose(span.count);
  if (const auto images = in_order(frames, wanted)) return *images;
  VideoWalk walk(clip.path, {});
  if (const auto images = pick(walk, wanted, span.first, short_side_)) return *images;
  throw DataError(clip.path.string() + " changed while it was read", "run again when it is complete");
}

DecodedAmount FrameDecoder::decoded() const {
  const std::lock_guard lock(mutex_);
  return decoded_;
}

std::optional<FrameDecoder::Span> FrameDecoder::remembered(const ClipRef& clip) {
  const std::lock_guard lock(mutex_);
  const auto found = measured_.find(key(clip));
  if (found == measured_.end()) return std::nullopt;
  return found->second;
}

void FrameDecoder::remember(const ClipRef& clip, const Span& span, double seconds, const VideoWalk& walk) {
  {
    const std::lock_guard lock(mutex_);
    decoded_.frames += span.count;
    decoded_.seconds += seconds;
    std::vector<KeyFrame>& known = key_frames_[clip.path.string()];
    if (walk.key_frames().size() > known.size()) known = walk.key_frames();
    if (span.count == 0 || !measured_.emplace(key(clip), span).second) return;
  }
  const std::int64_t claimed = clip.whole() ? walk.header().claimed_frames : 0;
  // Being off by one or two is common and harmless.
  if (static_cast<double>(span.count) < 0.9 * static_cast<double>(claimed) && span.count + 3 <= claimed) {
    spdlog::warn("clip '{}': {} may be truncated or damaged: its header claims {}, {} can be decoded",
                 clip.name, clip.path.string(), format_count(claimed, "frame"), span.count);
  }
}

void FrameDecoder::forget(const ClipRef& clip) {
  const std::lock_guard lock(mutex_);
  measured_.erase(key(clip));
  key_frames_.erase(clip.path.string());
  never_seek_.erase(clip.path.string());
}

std::vector<KeyFrame> FrameDecoder::key_frames(const ClipRef& clip) {
  const std::lock_guard lock(mutex_);
  const auto found = key_frames_.find(clip.path.string());
  if (found == key_frames_.end() || never_seek_.count(clip.path.string()) > 0) return {};
  return found->second;
}

void FrameDecoder::never_seek(const ClipRef& clip) {
  const std::lock_guard lock(mutex_);
  never_seek_.insert(clip.path.string());
}

}  // namespace actrec
