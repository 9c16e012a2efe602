#include "engine/window_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/sampler.h"

namespace actrec {
namespace {

// Frame positions come from sums and quotients, and are compared with whole numbers.
constexpr double kSlack = 1e-6;
// Time stamps rounded to milliseconds are still those of a constant frame rate.
constexpr double kJitter = 0.1;
// A window ends with the video where it is but a part of a frame longer.
constexpr double kTolerance = 0.5;
// A stride may be rounded by so much; finer grids are tried before more.
constexpr double kRounding = 0.1;
constexpr int kFinestGrid = 4;

double snapped(double position) {
  const double whole = std::round(position);
  return std::abs(position - whole) < kJitter ? whole : position;
}

// `stride` as a multiple of `step` or of a part of it.
double rounded_stride(double stride, double step) {
  for (int parts = 1;; ++parts) {
    const double unit = step / parts;
    const double rounded = std::max(1.0, std::round(stride / unit)) * unit;
    if (std::abs(rounded - stride) <= kRounding * stride) return rounded;
    if (parts == kFinestGrid) return stride;
  }
}

}  // namespace

WindowPlan::WindowPlan(const ClipSettings& clip, double frames_per_second, double window_seconds,
                       double stride_seconds)
    : rate_(frames_per_second), window_(std::max(1.0, std::round(window_seconds * frames_per_second))) {
  const bool segments = clip.sampling == Sampling::segment && window_ >= clip.frames;
  const std::vector<std::int64_t> sampled =
      sample_frames(static_cast<std::int64_t>(window_), clip, nullptr, "a window of the timeline");
  order_.resize(sampled.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (segments) {
    // Not rounded to frames yet, so that the segments of all windows lie on one grid.
    for (int i = 0; i < clip.frames; ++i) offsets_.push_back((i + 0.5) * window_ / clip.frames);
  } else {
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return sampled[a] < sampled[b]; });
    for (const std::size_t i : order_) offsets_.push_back(static_cast<double>(sampled[i]));
  }
  const double step = segments ? window_ / clip.frames : 1;
  const double wanted = stride_seconds > 0 ? stride_seconds * rate_ : window_ / 4;
  stride_ = segments ? rounded_stride(wanted, step) : std::max(1.0, std::round(wanted));
}

// Opens the windows that begin at a position or before.
void WindowPlan::open_until(double position) {
  for (double begin = opened_ * stride_; begin <= position + kSlack; begin = ++opened_ * stride_) {
    Open open;
    open.begin = begin;
    open.window.begin_seconds = begin / rate_;
    open.window.end_seconds = (begin + window_) / rate_;
    open.window.frames.resize(offsets_.size());
    open_.push_back(std::move(open));
  }
}

bool WindowPlan::add(std::int64_t frame, double begin, double end) {
  frames_ = frame + 1;
  const double until = snapped(end * rate_) - kSlack;
  open_until(snapped(begin * rate_));
  open_until(until - kSlack);
  bool seen = false;
  for (Open& open : open_) {
    for (; open.next < offsets_.size() && open.begin + offsets_[open.next] < until; ++open.next) {
      open.window.frames[order_[open.next]] = frame;
      seen = true;
    }
  }
  // The last frames that a window sees may come well before its end, which must be there, too.
  while (!open_.empty() && open_.front().next == offsets_.size() &&
         open_.front().begin + window_ <= until + kTolerance) {
    covered_ = open_.front().window.end_seconds;
    complete_.push_back(std::move(open_.front().window));
    open_.pop_front();
  }
  return seen;
}

std::vector<Window> WindowPlan::take_complete() { return std::exchange(complete_, {}); }

std::int64_t WindowPlan::oldest_needed() const {
  std::int64_t oldest = frames_;
  for (const Open& open : open_) {
    for (std::size_t i = 0; i < open.next; ++i) oldest = std::min(oldest, open.window.frames[order_[i]]);
  }
  return oldest;
}

std::vector<Window> WindowPlan::finish(double end) {
  std::vector<Window> windows = take_complete();
  const bool rest_matters = covered_ > 0 && 2 * (end - covered_) * rate_ > window_;
  for (Open& open : open_) {
    if (!rest_matters || 2 * open.next < offsets_.size()) continue;
    std::vector<std::int64_t> seen;
    for (std::size_t i = 0; i < open.next; ++i) seen.push_back(open.window.frames[order_[i]]);
    windows.push_back({open.window.begin_seconds, end, std::move(seen)});
  }
  open_.clear();
  return windows;
}

}  // namespace actrec
