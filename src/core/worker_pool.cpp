#include "core/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <exception>

namespace actrec {

WorkerPool::WorkerPool(int threads, const std::function<void()>& on_start) : on_start_(on_start) {
  threads_.reserve(static_cast<std::size_t>(threads));
  try {
    for (int i = 0; i < threads; ++i) start_thread();
  } catch (...) {
    // The destructor of an object that was never complete does not run.
    stop_threads();
    throw;
  }
}

WorkerPool::~WorkerPool() { stop_threads(); }

void WorkerPool::start_thread() {
  threads_.emplace_back([queue = queue_, on_start = on_start_] {
    if (on_start) on_start();
    queue->run();
  });
}

void WorkerPool::stop_threads() {
  queue_->close();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::abandon() {
  queue_->close();
  for (std::thread& thread : threads_) thread.detach();
  threads_.clear();
}

void WorkerPool::replace(std::thread::id hanging) {
  const auto found = std::find_if(threads_.begin(), threads_.end(),
                                  [&](const std::thread& thread) { return thread.get_id() == hanging; });
  if (found == threads_.end()) return;
  found->detach();
  threads_.erase(found);
  start_thread();
}

void WorkerPool::post(std::function<void()> task) {
  {
    std::lock_guard lock(queue_->mutex);
    queue_->tasks.push_back(std::move(task));
  }
  queue_->wake.notify_one();
}

void WorkerPool::Queue::close() {
  {
    std::lock_guard lock(mutex);
    closing = true;
    tasks.clear();
  }
  wake.notify_all();
}

void WorkerPool::Queue::run() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return closing || !tasks.empty(); });
      if (tasks.empty()) return;
      task = std::move(tasks.front());
      tasks.pop_front();
    }
    task();
  }
}

void parallel_for(int threads, std::size_t count, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::vector<std::exception_ptr> errors(count);
  auto work = [&] {
    for (std::size_t i = next++; i < count && !failed; i = next++) {
      try {
        body(i);
      } catch (...) {
        errors[i] = std::current_exception();
        failed = true;
      }
    }
  };
  std::vector<std::thread> helpers;
  const std::size_t workers = std::min(count, static_cast<std::size_t>(std::max(threads, 1)));
  helpers.reserve(workers);
  try {
    while (helpers.size() + 1 < workers) helpers.emplace_back(work);
  } catch (const std::exception&) {
    // The system gives no more threads: those there are do the work.
  }
  work();
  for (std::thread& helper : helpers) helper.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace actrec
