#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "core/bounded_queue.h"
#include "core/error.h"
#include "data/clip_ref.h"

// Reading clips from files and storage that may hang.

namespace actrec {

// What is said of a clip that was not read within data.timeout_seconds.
DataError not_read_within(double seconds, const ClipRef& clip);

// Reads one clip in a thread of its own, which hands on what it makes of it. Not for sharing between threads.
template <typename T>
class ClipThread {
 public:
  using Queue = BoundedQueue<T>;

  // `read` pushes items into the queue, of which at most `ahead` wait there, and returns when push() is
  // false. It may be left behind, hanging, and so must own all that it uses.
  ClipThread(const ClipRef& clip, double timeout_seconds, std::size_t ahead, std::function<void(Queue&)> read)
      : clip_(clip), timeout_seconds_(timeout_seconds), queue_(std::make_shared<Queue>(ahead)) {
    thread_ = std::thread([queue = queue_, read = std::move(read)]() mutable {
      std::exception_ptr error;
      try {
        read(*queue);
      } catch (...) {
        error = std::current_exception();
      }
      read = nullptr;  // what it owns ends before the consumer goes on
      queue->fail(std::move(error));
    });
  }
  ~ClipThread() {
    queue_->cancel();
    if (thread_.joinable()) thread_.join();
  }
  ClipThread(const ClipThread&) = delete;
  ClipThread& operator=(const ClipThread&) = delete;

  // The next item; nothing after the last. Throws what `read` threw, and not_read_within() where it takes
  // longer than the timeout: the thread is then left behind, and nothing more comes.
  std::optional<T> next() {
    if (!queue_->wait(timeout_seconds_)) {
      thread_.detach();
      throw not_read_within(timeout_seconds_, clip_);
    }
    return queue_->pop();
  }

 private:
  ClipRef clip_;
  double timeout_seconds_;
  std::shared_ptr<Queue> queue_;
  std::thread thread_;
};

// Calls `read`, which reads one clip and owns all that it uses, in a ClipThread, and waits for it. Safe to
// call from many threads at once.
void read_within(double seconds, const ClipRef& clip, std::function<void()> read);

}  // namespace actrec
