#include "data/frame_decoder.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/error.h"
#include "core/stop_signal.h"
#include "core/text.h"
#include "data/area_resize.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

using Indices = std::vector<std::int64_t>;

// A header that claims more than this is not worth a try.
constexpr std::int64_t kMaxClaim = 10'000'000;

constexpr double kMaxSide = 32'000;  // of a reduced frame

std::string key(const ClipRef& clip) {
  return clip.path.string() + '\n' + std::to_string(clip.begin_seconds) + '\n' +
         std::to_string(clip.end_seconds);
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

// How far one pass over a clip has come.
struct Pass {
  std::int64_t count = 0;  // frames of the clip that were passed
  double last_time = 0;    // of the video's last frame that was passed
  bool video_ended = false;
};

// Steps through the clip's frames, calling visit(index) at each, until it returns false or the clip ends.
template <typename Visit>
Pass walk(VideoReader& reader, const ClipRef& clip, const Visit& visit) {
  Pass pass;
  for (;;) {
    if (stop_requested()) throw Interrupted();
    pass.video_ended = !reader.grab();
    if (pass.video_ended) break;
    pass.last_time = reader.time_seconds();
    if (pass.last_time < clip.begin_seconds) continue;
    if (pass.last_time >= clip.end_seconds) break;
    if (!visit(pass.count++)) break;
  }
  return pass;
}

// The wanted frames of a clip, reduced, as far as they were found.
struct Harvest {
  Pass pass;
  std::map<std::int64_t, cv::Mat> frames;  // by index in the clip

  bool has(const Indices& indices) const {
    return std::all_of(indices.begin(), indices.end(), [&](std::int64_t i) { return frames.count(i) > 0; });
  }
  std::vector<cv::Mat> pick(const Indices& indices) const {
    std::vector<cv::Mat> images;
    for (const std::int64_t i : indices) images.push_back(frames.at(i));
    return images;
  }
};

// Reads the wanted frames, and on to the clip's end where asked to.
Harvest harvest(VideoReader& reader, const ClipRef& clip, Indices wanted, bool to_end, int short_side) {
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  Harvest found;
  auto next = wanted.begin();
  if (!to_end && next == wanted.end()) return found;
  found.pass = walk(reader, clip, [&](std::int64_t index) {
    if (next != wanted.end() && *next == index)
      found.frames[*next++] = reduce_frame(reader.retrieve(), short_side);
    return to_end || next != wanted.end();
  });
  return found;
}

DataError nothing_in_clip(const ClipRef& clip, const Pass& pass) {
  if (clip.whole()) {
    return DataError(clip.path.string() + " has no frame that can be decoded",
                     "the file is damaged; copy or convert it again, or remove it from the data set");
  }
  const std::string what = clip.path.string() + " has no frame between " + seconds_text(clip.begin_seconds) +
                           " and " + seconds_text(clip.end_seconds);
  if (!pass.video_ended) return DataError(what, "the part is shorter than a frame; widen it");
  return DataError(what + ": its last frame is at " + seconds_text(pass.last_time),
                   "correct the clip's begin and end");
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

cv::Mat reduce_frame(const cv::Mat& frame, int short_side) {
  const int side = std::min(frame.rows, frame.cols);
  // OpenCV's warps count pixels in 16 bits.
  if (std::max(frame.rows, frame.cols) / std::max(1.0, static_cast<double>(side) / short_side) > kMaxSide) {
    throw DataError("a frame of " + std::to_string(frame.cols) + "x" + std::to_string(frame.rows) +
                        " pixels is too long and narrow",
                    "cut or scale the video");
  }
  if (side <= short_side) return frame.clone();
  const double factor = static_cast<double>(short_side) / side;
  const cv::Size size(std::max(1, static_cast<int>(std::lround(frame.cols * factor))),
                      std::max(1, static_cast<int>(std::lround(frame.rows * factor))));
  return reduce_by_area(frame, size);
}

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
    const std::int64_t known = remembered(clip);
    return known > 0 ? decode_known(clip, choose, known) : decode_unknown(clip, choose);
  });
}

void FrameDecoder::decode_all(const ClipRef& clip, const std::function<void(const cv::Mat&)>& visit) {
  naming_clip(clip, [&] {
    const auto reader = open_video(clip.path);
    const Pass pass = walk(*reader, clip, [&](std::int64_t) {
      visit(reduce_frame(reader->retrieve(), short_side_));
      return true;
    });
    if (pass.count == 0) throw nothing_in_clip(clip, pass);
    remember(clip, pass.count, clip.whole() ? reader->header().claimed_frames : 0);
  });
}

std::vector<cv::Mat> FrameDecoder::decode_known(const ClipRef& clip, const FrameChooser& choose,
                                                std::int64_t frame_count) {
  const Indices wanted = choose(frame_count);
  const Harvest found = harvest(*open_video(clip.path), clip, wanted, false, short_side_);
  if (found.has(wanted)) return found.pick(wanted);
  // The file has become shorter since it was measured.
  forget(clip);
  return decode_unknown(clip, choose);
}

std::vector<cv::Mat> FrameDecoder::decode_unknown(const ClipRef& clip, const FrameChooser& choose) {
  // Headers are right often enough to read with their number first: then this one pass is all.
  const auto reader = open_video(clip.path);
  const VideoHeader& header = reader->header();
  Harvest found =
      harvest(*reader, clip, choose_tentatively(choose, expected_frames(header, clip)), true, short_side_);
  const std::int64_t frame_count = found.pass.count;
  if (frame_count == 0) throw nothing_in_clip(clip, found.pass);
  remember(clip, frame_count, clip.whole() ? header.claimed_frames : 0);
  const Indices wanted = choose(frame_count);
  if (!found.has(wanted)) found = harvest(*open_video(clip.path), clip, wanted, false, short_side_);
  if (!found.has(wanted)) {
    throw DataError(clip.path.string() + " changed while it was read", "run again when it is complete");
  }
  return found.pick(wanted);
}

std::int64_t FrameDecoder::remembered(const ClipRef& clip) {
  const std::lock_guard lock(mutex_);
  const auto found = measured_.find(key(clip));
  return found == measured_.end() ? 0 : found->second;
}

void FrameDecoder::remember(const ClipRef& clip, std::int64_t frames, std::int64_t claimed) {
  {
    const std::lock_guard lock(mutex_);
    if (!measured_.emplace(key(clip), frames).second) return;
  }
  // Being off by one or two is common and harmless.
  if (static_cast<double>(frames) < 0.9 * static_cast<double>(claimed) && frames + 3 <= claimed) {
    spdlog::warn("clip '{}': {} may be truncated or damaged: its header claims {}, {} can be decoded",
                 clip.name, clip.path.string(), format_count(claimed, "frame"), frames);
  }
}

void FrameDecoder::forget(const ClipRef& clip) {
  const std::lock_guard lock(mutex_);
  measured_.erase(key(clip));
}

}  // namespace actrec
