#include "engine/frame_feed.h"

#include <algorithm>
#include <deque>

#include "core/error.h"
#include "core/system.h"
#include "data/video_walk.h"

namespace actrec {
namespace {

constexpr std::size_t kBatchesAhead = 2;
constexpr std::int64_t kImages = 32;  // of a batch

}  // namespace

class FrameFeed::Producer {
 public:
  Producer(const ClipRef& clip, std::shared_ptr<ClipPipeline> pipeline, WindowPlan plan, double frame_seconds,
           int views, int threads)
      : clip_(clip),
        pipeline_(std::move(pipeline)),
        plan_(std::move(plan)),
        images_(pipeline_->make_images(views)),
        frame_seconds_(frame_seconds),
        views_(views),
        threads_(threads) {
    begin_batch();
  }

  // Decodes the video into the queue, until nobody takes batches any more.
  void run(BoundedQueue<FeedBatch>& queue) {
    queue_ = &queue;
    try {
      decode();
    } catch (const cv::Exception& error) {
      throw DataError(clip_.path.string() + " could not be decoded: " + error.err, "check that it plays");
    }
  }

 private:
  void decode() {
    VideoWalk walk(clip_.path, {}, threads_);
    double first = 0, last = 0;
    while (walk.step()) {
      if (walk.time_seconds() < clip_.begin_seconds) continue;
      if (walk.time_seconds() >= clip_.end_seconds) break;
      if (images_.count() == 0) first = walk.time_seconds();
      const double time = walk.time_seconds() - first;
      // How long a frame is shown is known when the next one comes.
      if (images_.count() > 0 && !show_until(last, time)) return;
      images_.push(pipeline_->as_cached(walk.reduced_frame(working_size(pipeline_->settings()))));
      last = time;
    }
    if (images_.count() == 0) {
      throw DataError(clip_.path.string() + " has no frame that can be decoded",
                      "the file is damaged, or has no frame between the clip's begin and end");
    }
    if (!show_until(last, last + frame_seconds_)) return;
    images_.finish();
    if (!write_images()) return;
    const std::vector<Window> rest = plan_.finish(last + frame_seconds_);
    waiting_.insert(waiting_.end(), rest.begin(), rest.end());
    send();
  }

  // False, as below, where nobody takes batches any more.
  bool show_until(double begin, double end) {
    const std::int64_t frame = images_.count() - 1;
    if (plan_.add(frame, begin, end)) chosen_.push_back(frame);
    for (Window& window : plan_.take_complete()) waiting_.push_back(std::move(window));
    batch_.seconds = end;
    return write_images();
  }

  bool write_images() {
    while (!chosen_.empty() && chosen_.front() < images_.ready()) {
      const auto position = static_cast<std::int64_t>(batch_.frames.size());
      for (int view = 0; view < views_; ++view)
        images_.write(chosen_.front(), view, batch_.pixels[view][position].data_ptr<std::uint8_t>());
      batch_.frames.push_back(chosen_.front());
      chosen_.pop_front();
      if (position + 1 == kImages && !send()) return false;
    }
    return true;
  }

  bool send() {
    const std::int64_t next = chosen_.empty() ? images_.count() : chosen_.front();  // that has no image yet
    batch_.decoded = images_.count();
    batch_.oldest_needed = std::min(next, plan_.oldest_needed());
    std::deque<Window> later;
    for (Window& window : waiting_) {
      const auto [first, last] = std::minmax_element(window.frames.begin(), window.frames.end());
      if (*last < next) {
        batch_.windows.push_back(std::move(window));
      } else {
        batch_.oldest_needed = std::min(batch_.oldest_needed, *first);
        later.push_back(std::move(window));
      }
    }
    waiting_ = std::move(later);
    batch_.pixels = batch_.pixels.narrow(1, 0, static_cast<std::int64_t>(batch_.frames.size()));
    const double seconds = batch_.seconds;
    const bool taken = queue_->push(std::move(batch_));
    begin_batch();
    batch_.seconds = seconds;
    return taken;
  }

  void begin_batch() {
    const FrameSize size = pipeline_->settings().size;
    batch_ = FeedBatch();
    batch_.pixels = torch::empty({views_, kImages, size.height, size.width, 3}, torch::kUInt8);
  }

  ClipRef clip_;
  std::shared_ptr<ClipPipeline> pipeline_;
  WindowPlan plan_;
  FrameImages images_;
  double frame_seconds_;
  int views_, threads_;
  BoundedQueue<FeedBatch>* queue_ = nullptr;
  std::deque<std::int64_t> chosen_;  // frames without images yet
  std::deque<Window> waiting_;       // windows that have their frames, but not all of the images
  FeedBatch batch_;
};

FrameFeed::FrameFeed(const ClipRef& clip, std::shared_ptr<ClipPipeline> pipeline, WindowPlan plan,
                     double frame_seconds, int views, int threads, double timeout_seconds)
    : thread_(clip, timeout_seconds, kBatchesAhead,
              [producer = std::make_shared<Producer>(clip, std::move(pipeline), std::move(plan),
                                                     frame_seconds, views, threads)](auto& queue) {
                lower_thread_priority();
                producer->run(queue);
              }) {}

}  // namespace actrec
