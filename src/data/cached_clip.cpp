#include "data/cached_clip.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "data/checksum.h"

namespace actrec {
namespace {

constexpr std::uint64_t kMagic = 0x3243465243455241;  // changes with the layout

struct Footer {
  std::uint64_t frames = 0;
  std::uint64_t index_offset = 0;
  std::uint64_t index_checksum = 0;
  FrameEncoding encoding = FrameEncoding::raw;
  std::uint32_t reserved = 0;
  std::uint64_t footer_checksum = 0;  // of what is above
  std::uint64_t magic = kMagic;
};

std::uint64_t checksum_of(const Footer& footer) {
  return checksum(&footer, offsetof(Footer, footer_checksum));
}

}  // namespace

CachedClipWriter::CachedClipWriter(const std::filesystem::path& target, const FrameFormat& format)
    : file_(target, Durability::unsynced), format_(format) {}

void CachedClipWriter::add(const cv::Mat& frame) {
  encode_frame(frame, format_, encoded_);
  file_.write(encoded_.data(), encoded_.size());
  index_.push_back({offset_, checksum(encoded_.data(), encoded_.size()),
                    static_cast<std::uint32_t>(encoded_.size()), static_cast<std::uint32_t>(frame.rows),
                    static_cast<std::uint32_t>(frame.cols)});
  offset_ += encoded_.size();
}

void CachedClipWriter::publish() {
  const std::size_t index_bytes = index_.size() * sizeof(CachedFrame);
  Footer footer;
  footer.frames = index_.size();
  footer.index_offset = offset_;
  footer.index_checksum = checksum(index_.data(), index_bytes);
  footer.encoding = format_.encoding;
  footer.footer_checksum = checksum_of(footer);
  file_.write(index_.data(), index_bytes);
  file_.write(&footer, sizeof footer);
  file_.commit();
  offset_ += index_bytes + sizeof footer;
}

std::unique_ptr<CachedClip> CachedClip::open(const std::filesystem::path& path, FrameEncoding encoding) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat status = {};
  void* data = MAP_FAILED;
  if (::fstat(descriptor, &status) == 0 && status.st_size >= static_cast<off_t>(sizeof(Footer))) {
    data = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0);
  }
  ::close(descriptor);
  if (data == MAP_FAILED) return nullptr;
  std::unique_ptr<CachedClip> clip(
      new CachedClip(static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(status.st_size)));
  return clip->read_footer(encoding) ? std::move(clip) : nullptr;
}

CachedClip::~CachedClip() { ::munmap(const_cast<std::uint8_t*>(data_), size_); }

bool CachedClip::read_footer(FrameEncoding encoding) {
  Footer footer;
  const std::uint64_t end = size_ - sizeof footer;  // of the index
  std::memcpy(&footer, data_ + end, sizeof footer);
  if (footer.magic != kMagic || footer.encoding != encoding || footer.footer_checksum != checksum_of(footer))
    return false;
  if (footer.frames == 0 || footer.index_offset > end ||
      (end - footer.index_offset) / sizeof(CachedFrame) != footer.frames ||
      checksum(data_ + footer.index_offset, end - footer.index_offset) != footer.index_checksum) {
    return false;
  }
  encoding_ = encoding;
  frames_ = footer.frames;
  index_offset_ = footer.index_offset;
  return true;
}

std::int64_t CachedClip::frame_count() const { return static_cast<std::int64_t>(frames_); }

CachedFrame CachedClip::entry(std::int64_t frame) const {
  CachedFrame entry;
  std::memcpy(&entry, data_ + index_offset_ + static_cast<std::uint64_t>(frame) * sizeof entry, sizeof entry);
  return entry;
}

bool CachedClip::intact(std::int64_t frame) const {
  const CachedFrame at = entry(frame);
  return at.offset <= index_offset_ && at.bytes <= index_offset_ - at.offset &&
         checksum(data_ + at.offset, at.bytes) == at.checksum;
}

cv::Mat CachedClip::frame(std::int64_t frame, cv::Mat& buffer) const {
  const CachedFrame at = entry(frame);
  return decode_frame(data_ + at.offset, at.bytes, encoding_,
                      {static_cast<int>(at.width), static_cast<int>(at.height)}, buffer);
}

}  // namespace actrec
