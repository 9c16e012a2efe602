#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "data/video_reader.h"

namespace actrec {

// One way through a video, forward, that counts frames. It goes to key frames that an earlier way has found
// where that saves decoding, and gathers those that it passes. Every seek is checked (VideoReader::seek):
// when intact() is false at the end, it must be gone again without seeking. Not for sharing between threads.
class VideoWalk {
 public:
  // `known`: key frames of this video in order; without any, every frame is decoded. `threads` as in
  // open_video().
  VideoWalk(const std::filesystem::path& path, std::vector<KeyFrame> known, int threads = 1);

  // Steps to the next frame; false at the end. Throws Interrupted when the user asked to stop.
  bool step();
  // Steps to that frame, which lies ahead; false when the video ends before it, or a seek has failed.
  bool go_to(std::int64_t index);
  // Skips frames well before a time: the next step() is to a frame before it, and so many frames before that
  // nothing wrong with the key frame can go unnoticed. False when a seek has failed.
  bool approach(double seconds);

  std::int64_t index() const { return index_; }  // of the frame stepped to; -1 before the first step
  double time_seconds() const { return reader_->time_seconds(); }
  cv::Mat frame() { return reader_->retrieve(); }
  cv::Mat reduced_frame(int short_side) { return reader_->retrieve_reduced(short_side); }
  const VideoHeader& header() const { return reader_->header(); }

  bool has_sought() const { return has_sought_; }
  bool intact() const { return !failed_ && !reader_->damaged_since_seek(); }
  // Key frames of the video that are known now, in order.
  const std::vector<KeyFrame>& key_frames() const { return keys_; }

 private:
  bool seek(const KeyFrame& key);
  void note_key_frame();

  std::unique_ptr<VideoReader> reader_;
  std::vector<KeyFrame> keys_;
  bool may_seek_;
  std::int64_t index_ = -1;
  bool has_sought_ = false, failed_ = false;
};

}  // namespace actrec
