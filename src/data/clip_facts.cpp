#include "data/clip_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "core/text.h"
#include "data/area_resize.h"
#include "data/content_hash.h"
#include "data/frame_decoder.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

// One part of the video, while it is read.
struct Part {
  const ClipRef& clip;
  ClipFacts facts;
  PerceptualHasher hasher;
  double first_time = 0, last_time = 0;

  bool holds(double time) const { return time >= clip.begin_seconds && time < clip.end_seconds; }
  void add(const cv::Mat& reduced, cv::Size size, double time) {
    if (facts.frames == 0) {
      first_time = time;
      facts.width = size.width;
      facts.height = size.height;
    }
    last_time = time;
    ++facts.frames;
    hasher.add(reduced);
  }
  void fail(const std::string& problem) {
    if (facts.problem.empty()) facts.problem = problem;
  }
};

// Runs `read`, and gives what is wrong with the video; empty: nothing.
template <typename Read>
std::string problem_of(const std::filesystem::path& path, const Read& read) {
  try {
    read();
    return "";
  } catch (const DataError& error) {
    return error.what();
  } catch (const cv::Exception& error) {
    return path.string() + " could not be decoded: " + error.err;
  }
}

class Inspection {
 public:
  Inspection(const std::filesystem::path& path, std::vector<Part>& parts, const InspectionOptions& options)
      : path_(path), parts_(parts), options_(options), start_(Clock::now()) {}

  void run() {
    const std::string problem = problem_of(path_, [&] { read(); });
    if (problem.empty()) return;
    for (Part& part : parts_) {
      if (part.clip.end_seconds > time_) part.fail(problem);
    }
  }
  double milliseconds() const { return 1000 * seconds_since(start_); }

 private:
  void read() {
    const auto reader = open_video(path_);
    const VideoHeader& header = reader->header();
    double end = 0;
    for (Part& part : parts_) {
      part.facts.header_frames = header.claimed_frames;
      part.facts.frames_per_second = header.frames_per_second;
      part.facts.codec = header.codec;
      part.facts.rotation_degrees = header.rotation_degrees;
      end = std::max(end, part.clip.end_seconds);
    }
    const double rate = header.frames_per_second > 0 ? header.frames_per_second : kFallbackFramesPerSecond;
    for (std::int64_t index = 0, key = 0; reader->grab(); ++index) {
      check_time();
      if (reader->at_key_frame()) key = index;
      time_ = reader->time_seconds();
      if (time_ >= end) break;
      for (Part& part : parts_) part.facts.largest_gop = std::max(part.facts.largest_gop, index - key + 1);
      show(*reader);
    }
    for (Part& part : parts_) {
      if (part.facts.frames > 0) part.facts.seconds = part.last_time - part.first_time + 1 / rate;
    }
  }

  // Gives the frame to the parts that it is in.
  void show(VideoReader& reader) {
    std::vector<Part*> shown;
    for (Part& part : parts_) {
      if (part.holds(time_)) shown.push_back(&part);
    }
    if (shown.empty()) return;
    const std::string problem = problem_of(path_, [&] {
      const cv::Mat frame = reader.retrieve();
      const cv::Mat reduced = reduce_frame(frame, options_.short_side);
      for (Part* part : shown) part->add(reduced, frame.size(), time_);
    });
    for (Part* part : shown) {
      if (!problem.empty()) part->fail(problem);
    }
  }

  void check_time() const {
    if (stop_requested()) throw Interrupted();
    if (seconds_since(start_) <= options_.timeout_seconds) return;
    throw DataError(fmt::format("{} has not been read within {}", path_.string(),
                                format_duration(options_.timeout_seconds)));
  }

  const std::filesystem::path& path_;
  std::vector<Part>& parts_;
  InspectionOptions options_;
  Clock::time_point start_;
  double time_ = -1;  // of the frame reached; -1: none yet
};

std::string nothing_in(const ClipRef& clip) {
  if (clip.whole()) return clip.path.string() + " has no frame that can be decoded";
  return fmt::format("{} has no frame between {} s and {} s", clip.path.string(), clip.begin_seconds,
                     clip.end_seconds);
}

}  // namespace

std::vector<ClipFacts> inspect_video(const std::filesystem::path& path, const std::vector<ClipRef>& clips,
                                     const InspectionOptions& options) {
  std::vector<Part> parts;
  for (const ClipRef& clip : clips) parts.push_back({clip, {}, {}, 0, 0});
  Inspection inspection(path, parts, options);
  inspection.run();
  const double milliseconds = inspection.milliseconds();
  std::string hash;
  const std::string unreadable = problem_of(path, [&] { hash = content_hash(path); });
  std::vector<ClipFacts> facts;
  for (Part& part : parts) {
    if (!unreadable.empty()) part.fail(unreadable);
    if (part.facts.frames == 0) part.fail(nothing_in(part.clip));
    part.facts.decode_ms = milliseconds;
    part.facts.content_hash = hash;
    part.facts.look = part.hasher.hash();
    facts.push_back(std::move(part.facts));
  }
  return facts;
}

}  // namespace actrec
