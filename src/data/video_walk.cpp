#include "data/video_walk.h"

#include <algorithm>

#include "core/error.h"
#include "core/stop_signal.h"

namespace actrec {
namespace {

// Frames that can be decoded in the time that a seek takes, generously.
constexpr std::int64_t kSeekCost = 30;
// Key frames nearer to one another than this save nothing.
constexpr std::int64_t kKeyDistance = 30;

}  // namespace

VideoWalk::VideoWalk(const std::filesystem::path& path, std::vector<KeyFrame> known, int threads)
    : reader_(open_video(path, threads)), keys_(std::move(known)), may_seek_(!keys_.empty()) {}

bool VideoWalk::step() {
  if (stop_requested()) throw Interrupted();
  if (failed_ || !reader_->grab()) return false;
  ++index_;
  note_key_frame();
  return true;
}

void VideoWalk::note_key_frame() {
  if (!keys_.empty() && index_ < keys_.back().index + kKeyDistance) return;
  std::optional<KeyFrame> key = reader_->key_frame();
  if (!key) return;
  key->index = index_;
  keys_.push_back(*key);
}

bool VideoWalk::go_to(std::int64_t index) {
  if (may_seek_) {
    const auto after = std::upper_bound(keys_.begin(), keys_.end(), index,
                                        [](std::int64_t i, const KeyFrame& key) { return i < key.index; });
    if (after != keys_.begin() && std::prev(after)->index > index_ + kSeekCost && !seek(*std::prev(after)))
      return false;
  }
  while (index_ < index) {
    if (!step()) return false;
  }
  return true;
}

bool VideoWalk::approach(double seconds) {
  const auto after =
      std::lower_bound(keys_.begin(), keys_.end(), seconds,
                       [](const KeyFrame& key, double time) { return key.time_seconds < time; });
  // A whole group of pictures in between shows whether its key frame needed anything before it.
  constexpr std::ptrdiff_t kBefore = 2;
  if (!may_seek_ || after - keys_.begin() < kBefore) return true;
  const KeyFrame key = *(after - kBefore);
  return key.index <= index_ + kSeekCost || seek(key);
}

bool VideoWalk::seek(const KeyFrame& key) {
  has_sought_ = true;
  failed_ = !reader_->seek(key);
  index_ = key.index - 1;
  return !failed_;
}

}  // namespace actrec
