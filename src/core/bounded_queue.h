#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "core/clock.h"

namespace actrec {

// Hands items from one thread to another, at most `capacity` of them waiting. The producer ends it with
// close() or, after an error, fail(); the consumer gives up with cancel(). Safe for any number of threads.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Waits for room; false where nobody takes items any more.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return items_.size() < capacity_ || cancelled_; });
    if (cancelled_) return false;
    items_.push_back(std::move(item));
    changed_.notify_all();
    return true;
  }

  // Never waits: where there is no room, the oldest item makes some. Returns how many items that cost.
  std::size_t push_dropping(T item) {
    const std::lock_guard lock(mutex_);
    std::size_t dropped = 0;
    for (; items_.size() >= capacity_; ++dropped) items_.pop_front();
    items_.push_back(std::move(item));
    changed_.notify_all();
    return dropped;
  }

  // Waits for the next item; nothing after the last. Rethrows what fail() was given, after the items before
  // it.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !items_.empty() || closed_; });
    if (items_.empty()) {
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
      return std::nullopt;
    }
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    return item;
  }

  // Waits until pop() would not wait, at most so long (the time that the process is stopped does not count).
  // Whether it would not.
  bool wait(double seconds) {
    std::unique_lock lock(mutex_);
    TimeLimit limit(seconds);
    const std::chrono::duration<double> step(std::min(seconds, 1.0));
    while (!changed_.wait_for(lock, step, [&] { return !items_.empty() || closed_; })) {
      if (limit.is_over()) return false;
    }
    return true;
  }

  void close() { fail(nullptr); }
  void fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    error_ = std::move(error);
    changed_.notify_all();
  }
  void cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }
  bool cancelled() {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

 private:
  std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> items_;
  std::exception_ptr error_;
  bool closed_ = false, cancelled_ = false;
};

}  // namespace actrec
