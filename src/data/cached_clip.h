#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "core/atomic_file.h"
#include "data/frame_codec.h"

namespace actrec {

// All frames of one clip in one file, in the machine's byte order:
//
//     the frames, one after another, as FrameFormat says
//     the index, an entry a frame: offset and length of its bytes, their checksum, height and width
//     the footer: number of frames, where the index is, a checksum of index and footer, magic number
//
// The footer comes last because the number of frames is known only then. A file that is not whole has no
// footer; damage anywhere else shows in a checksum.
struct CachedFrame {
  std::uint64_t offset = 0;
  std::uint64_t checksum = 0;
  std::uint32_t bytes = 0;
  std::uint32_t height = 0;
  std::uint32_t width = 0;
  std::uint32_t reserved = 0;
};

// Writes such a file frame by frame, so memory does not grow with the clip; it appears when published. Throws
// Error when it cannot be written. Not for sharing between threads.
class CachedClipWriter {
 public:
  CachedClipWriter(const std::filesystem::path& target, const FrameFormat& format);

  void add(const cv::Mat& frame);  // uint8 RGB [height, width, 3]
  void publish();
  std::uint64_t bytes() const { return offset_; }  // written so far

 private:
  AtomicFile file_;
  FrameFormat format_;
  std::vector<CachedFrame> index_;
  std::vector<std::uint8_t> encoded_;
  std::uint64_t offset_ = 0;
};

// Such a file, mapped into memory: only the frames that are asked for are read. Safe to use from many
// threads.
class CachedClip {
 public:
  // Null where the file does not exist, or is not a whole file of that encoding.
  static std::unique_ptr<CachedClip> open(const std::filesystem::path& path, FrameEncoding encoding);
  ~CachedClip();
  CachedClip(const CachedClip&) = delete;
  CachedClip& operator=(const CachedClip&) = delete;

  std::int64_t frame_count() const;
  std::uint64_t bytes() const { return size_; }  // of the file
  // Whether the frame's bytes are those that were written.
  bool intact(std::int64_t frame) const;
  // Frame 0 .. frame_count()-1, uint8 RGB [height, width, 3]: a view of this file, or in `buffer` (see
  // decode_frame).
  cv::Mat frame(std::int64_t frame, cv::Mat& buffer) const;

 private:
  CachedClip(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool read_footer(FrameEncoding encoding);
  CachedFrame entry(std::int64_t frame) const;

  const std::uint8_t* data_;
  std::size_t size_;
  FrameEncoding encoding_ = FrameEncoding::raw;
  std::uint64_t frames_ = 0;
  std::uint64_t index_offset_ = 0;
};

}  // namespace actrec
