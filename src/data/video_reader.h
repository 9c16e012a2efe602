#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

namespace actrec {

// What a container's header says. It is often wrong: never index frames with it.
struct VideoHeader {
  std::int64_t claimed_frames = 0;  // 0: the header does not say
  double duration_seconds = 0;      // 0: the header does not say
  double frames_per_second = 0;     // 0: the header does not say
  std::string codec;                // as FFmpeg names it; "images" for a folder of frames
  int rotation_degrees = 0;         // clockwise, that frames are turned by for display: 0, 90, 180 or 270
  double pixel_aspect = 1;          // width of a pixel over its height, as frames are given: rotated
};

// A frame that decoding can begin with, because neither it nor a later one needs an earlier one.
struct KeyFrame {
  std::int64_t index = 0;            // in the video, from 0
  double time_seconds = 0;           // as time_seconds() of the frame
  std::int64_t timestamp = 0;        // the container's
  std::int64_t first_timestamp = 0;  // of the video's first frame
  std::uint64_t checksum = 0;        // of its pixels
};

// Frames of one video, or of one folder of numbered images, in display order from the first. Reads
// forward only, one thread per reader; rotation metadata is applied (EXIF orientation in images), and
// damaged packets are skipped as ffmpeg does. Errors are DataError with the path: a missing or empty
// file, one that is no video, one that cannot be read on. Not for sharing between threads; readers in
// different threads are independent.
class VideoReader {
 public:
  virtual ~VideoReader() = default;
  virtual const VideoHeader& header() const = 0;

  // Steps to the next frame without giving its pixels; false at the end.
  virtual bool grab() = 0;
  // The frame that grab() stepped to, uint8 RGB [height, width, 3]; rows may be padded. The colour
  // matrix and range that the stream names are used (BT.601, limited, where it names none). The size may
  // change from frame to frame. Valid until the next call of grab() or retrieve().
  virtual cv::Mat retrieve() = 0;
  // The same frame reduced by area averaging until its short side is `short_side` pixels, in memory of its
  // own; a copy where it is not larger. Throws DataError for a frame so long that it could not be warped.
  virtual cv::Mat retrieve_reduced(int short_side);
  // Presentation time of the frame that grab() stepped to, in seconds from the first frame's; never
  // decreases. Where there are no time stamps it is index / frame rate, with 25 frames per second where
  // there is no frame rate either (folders of images).
  virtual double time_seconds() const = 0;

  // Whether the frame that grab() stepped to was coded without others.
  virtual bool at_key_frame() const { return true; }
  // The frame that grab() stepped to, if it can be gone to; its index is left to the caller, who counts.
  virtual std::optional<KeyFrame> key_frame() { return std::nullopt; }
  // Goes to a key frame that the same video gave before, ahead of the current frame: the next grab() steps to
  // it, and everything is as if all frames before it had been read. False where the container does not lead
  // to exactly that frame, or damage shows on the way; the reader is then of no more use.
  virtual bool seek(const KeyFrame&) { return false; }
  // Whether damage has shown since seek(): the frames may then differ from those of reading on.
  virtual bool damaged_since_seek() const { return false; }
};

constexpr double kFallbackFramesPerSecond = 25;

// Opens a video file, or a directory of numbered images (see is_frame_folder). With more than one thread, the
// codec decodes several frames at a time where it can; the frames are the same.
std::unique_ptr<VideoReader> open_video(const std::filesystem::path& path, int threads = 1);

// Whether the directory holds numbered frames, so that it can stand for a video: images (jpg, jpeg, png,
// bmp, webp) with a digit in their name. They are ordered by name with numbers compared as numbers.
bool is_frame_folder(const std::filesystem::path& directory);

// Whether the file name has the extension of a video container (.mp4, .avi, .mkv, ...).
bool has_video_extension(const std::filesystem::path& path);

// Call once, before any other thread starts: OpenCV itself single-threaded, messages of OpenCV and FFmpeg
// off (the environment variables OPENCV_LOG_LEVEL and OPENCV_FFMPEG_LOGLEVEL win).
void configure_video_libraries();

}  // namespace actrec
