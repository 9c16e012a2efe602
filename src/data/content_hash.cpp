#include "data/content_hash.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <new>
#include <system_error>
#include <vector>

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/sha.h>
}

#include "core/error.h"
#include "core/stop_signal.h"
#include "data/frame_folder.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1 << 20;
constexpr int kBits = 256;

struct Freer {
  void operator()(AVSHA* state) const { av_free(state); }
};

void add_file(AVSHA& state, const fs::path& path, std::vector<char>& piece) {
  std::ifstream file(path, std::ios::binary);
  while (file) {
    if (stop_requested()) throw Interrupted();
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    av_sha_update(&state, reinterpret_cast<const std::uint8_t*>(piece.data()),
                  static_cast<std::size_t>(file.gcount()));
  }
  if (file.eof()) return;
  throw DataError(fmt::format("{} cannot be read: {}", path.string(), std::generic_category().message(errno)),
                  "check its permissions and its storage");
}

std::string file_size_text(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? "" : std::to_string(size);
}

}  // namespace

std::string content_hash(const fs::path& video) {
  const std::unique_ptr<AVSHA, Freer> state(av_sha_alloc());
  if (!state) throw std::bad_alloc();
  av_sha_init(state.get(), kBits);
  std::vector<char> piece(kPiece);
  std::error_code error;
  if (fs::is_directory(video, error)) {
    for (const fs::path& image : numbered_frames(video)) add_file(*state, image, piece);
  } else {
    add_file(*state, video, piece);
  }
  std::uint8_t digest[kBits / 8];
  av_sha_final(state.get(), digest);
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::string content_size(const fs::path& video) {
  std::error_code error;
  if (!fs::is_directory(video, error)) return file_size_text(video);
  const std::vector<fs::path> images = numbered_frames(video);
  return images.empty() ? "" : fmt::format("{} images, {}", images.size(), file_size_text(images[0]));
}

}  // namespace actrec
