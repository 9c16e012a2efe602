#include "core/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

namespace actrec {
namespace {

TEST(WorkerPool, RunsEveryTaskAndStartsEachThreadOnce) {
  std::atomic<int> started{0}, done{0};
  std::promise<void> all_done;
  {
    WorkerPool pool(3, [&] { ++started; });
    for (int i = 0; i < 100; ++i) {
      pool.post([&] {
        if (++done == 100) all_done.set_value();
      });
    }
    all_done.get_future().wait();
  }
  EXPECT_EQ(done, 100);
  EXPECT_EQ(started, 3);
}

TEST(WorkerPool, DropsTasksThatHaveNotStartedWhenDestroyed) {
  std::promise<void> started, release;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<int> done{0};
  std::thread releaser;
  {
    WorkerPool pool(1);
    pool.post([&] {
      started.set_value();
      released.wait();
      ++done;
    });
    for (int i = 0; i < 50; ++i) pool.post([&] { ++done; });
    started.get_future().wait();
    releaser = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      release.set_value();
    });
  }
  releaser.join();
  EXPECT_EQ(done, 1);
}

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 8}) {
    std::vector<std::atomic<int>> visits(37);
    parallel_for(threads, visits.size(), [&](std::size_t i) { ++visits[i]; });
    for (const auto& count : visits) EXPECT_EQ(count, 1);
  }
  parallel_for(4, 0, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, RethrowsTheFirstErrorAfterAllThreadsHaveStopped) {
  for (const int threads : {1, 4}) {
    try {
      parallel_for(threads, 10, [](std::size_t i) {
        if (i == 3) throw std::runtime_error("third");
      });
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "third");
    }
  }
}

}  // namespace
}  // namespace actrec
