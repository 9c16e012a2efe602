#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace actrec {

// A fixed set of threads that run tasks in the order they were posted. A task must not throw: whoever
// posts work decides how its errors travel. The destructor drops the tasks that have not started, waits
// for those that have, and joins. post() may be called from any thread.
class WorkerPool {
 public:
  // Each thread calls on_start once before its first task. Throws std::system_error where the system gives
  // fewer threads.
  explicit WorkerPool(int threads, const std::function<void()>& on_start = {});
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void post(std::function<void()> task);
  // Gives up threads that hang in a task: the destructor will not wait. What their tasks use must outlive
  // them.
  void abandon();
  // The same for one thread, whose place another takes.
  void replace(std::thread::id hanging);

 private:
  void start_thread();
  void stop_threads();

  // Shared with the threads, which may outlive the pool once it is abandoned.
  struct Queue {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> tasks;
    bool closing = false;

    void run();
    void close();  // drops the tasks that have not started
  };

  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
  std::function<void()> on_start_;
  std::vector<std::thread> threads_;
};

// Runs body(0) ... body(count - 1) on up to `threads` threads, the caller one of them (0 or less: the caller
// only), and waits. `body` is called from several threads at once. The first exception (by index) is rethrown
// after all threads have stopped; indices not yet started are then skipped.
void parallel_for(int threads, std::size_t count, const std::function<void(std::size_t)>& body);

}  // namespace actrec
