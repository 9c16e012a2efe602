// Files of the frame cache. Their checksums keep random bytes out, so an input is the index entries of a file
// whose frames and checksums are made to fit: the bytes of its frames, then 24 bytes for each of up to 16
// entries (bytes, height, width, all 32 bits, offset, 64 bits, 4 unused). The first byte says how many
// entries there are, and whether it is raw or JPEG.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/cached_clip.h"
#include "data/checksum.h"
#include "fuzz_input.h"

namespace {

using actrec::CachedFrame;

constexpr std::uint64_t kMagic = 0x3243465243455241;

struct Footer {
  std::uint64_t frames, index_offset, index_checksum;
  std::uint32_t encoding, reserved;
  std::uint64_t footer_checksum, magic;
};

std::string file_of(const std::uint8_t* data, std::size_t size, bool jpeg) {
  const std::size_t count = std::min<std::size_t>(data[0] >> 1 & 15, (size - 1) / 24);
  const std::uint8_t* entries = data + size - count * 24;
  std::string file(data + 1, entries);
  Footer footer{};
  footer.frames = count;
  footer.index_offset = file.size();
  std::vector<CachedFrame> index(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* entry = entries + i * 24;
    std::memcpy(&index[i].bytes, entry, 4);
    std::memcpy(&index[i].height, entry + 4, 4);
    std::memcpy(&index[i].width, entry + 8, 4);
    std::memcpy(&index[i].offset, entry + 12, 8);
    if (index[i].offset <= file.size() && index[i].bytes <= file.size() - index[i].offset)
      index[i].checksum = actrec::checksum(file.data() + index[i].offset, index[i].bytes);
  }
  const std::size_t bytes = count * sizeof(CachedFrame);
  footer.index_checksum = actrec::checksum(index.data(), bytes);
  footer.encoding = jpeg ? static_cast<std::uint32_t>(actrec::FrameEncoding::jpeg)
                         : static_cast<std::uint32_t>(actrec::FrameEncoding::raw);
  footer.footer_checksum = actrec::checksum(&footer, offsetof(Footer, footer_checksum));
  footer.magic = kMagic;
  file.append(reinterpret_cast<const char*>(index.data()), bytes);
  file.append(reinterpret_cast<const char*>(&footer), sizeof footer);
  return file;
}

// Whether it is a file of the cache.
bool read(const std::uint8_t* data, std::size_t size, actrec::FrameEncoding encoding) {
  const actrec::testing::InputFile file(data, size);
  const auto clip = actrec::CachedClip::open(file.path(), encoding);
  if (!clip) return false;
  cv::Mat buffer;
  for (std::int64_t i = 0; i < clip->frame_count(); ++i) {
    if (!clip->intact(i)) continue;
    try {
      cv::sum(clip->frame(i, buffer));
    } catch (const actrec::Error&) {
    } catch (const cv::Exception&) {
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool jpeg = (data[0] & 1) != 0;
  const auto encoding = jpeg ? actrec::FrameEncoding::jpeg : actrec::FrameEncoding::raw;
  read(data, size, encoding);
  const std::string file = file_of(data, size, jpeg);
  const bool has_frames = (data[0] >> 1 & 15) > 0 && size > 24;
  // A file that is not even opened would test nothing: has the layout changed?
  if (read(reinterpret_cast<const std::uint8_t*>(file.data()), file.size(), encoding) != has_frames)
    __builtin_trap();
  return 0;
}
