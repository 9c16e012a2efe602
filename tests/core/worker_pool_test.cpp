#include "core/worker_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <future>
#include <stdexcept>
#include <system_error>

namespace actrec {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Leaves room for the stacks of a few threads. For a process of its own.
void limit_threads() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = pages * static_cast<std::size_t>(::getpagesize()) + (std::size_t{64} << 20);
  setrlimit(RLIMIT_AS, &limit);
}

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

TEST(WorkerPool, AnotherThreadTakesThePlaceOfOneThatHangs) {
  auto release = std::make_shared<std::promise<void>>();
  auto hung = std::make_shared<std::promise<std::thread::id>>();
  auto ended = std::make_shared<std::promise<void>>();
  {
    WorkerPool pool(1);
    pool.post([=] {
      hung->set_value(std::this_thread::get_id());
      release->get_future().wait();
      ended->set_value();
    });
    pool.replace(hung->get_future().get());
    std::promise<void> done;
    pool.post([&] { done.set_value(); });
    EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  }  // does not wait for the thread that hangs
  release->set_value();
  ended->get_future().wait();
}

TEST(WorkerPool, ThrowsWhereTheSystemGivesTooFewThreads) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space that this takes away";
  const auto start_too_many = [] {
    limit_threads();
    try {
      WorkerPool pool(1000);
    } catch (const std::system_error&) {
      std::_Exit(0);
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(start_too_many(), testing::ExitedWithCode(0), "");
}

TEST(ParallelFor, MakesDoWithTheThreadsThereAre) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space that this takes away";
  const auto ask_for_too_many = [] {
    limit_threads();
    std::atomic<int> visits{0};
    parallel_for(1000, 2000, [&](std::size_t) { ++visits; });
    std::_Exit(visits == 2000 ? 0 : 1);
  };
  EXPECT_EXIT(ask_for_too_many(), testing::ExitedWithCode(0), "");
}

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const int threads : {-1, 0, 1, 2, 8}) {
    std::vector<std::atomic<int>> visits(37);
    parallel_for(threads, visits.size(), [&](std::size_t i) { ++visits[i]; });
    for (const auto& count : visits) EXPECT_EQ(count, 1);
  }
  parallel_for(4, 0, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, TheFirstErrorIsThatOfTheLowestIndex) {
  std::promise<void> later_index_fails;
  try {
    parallel_for(2, 2, [&](std::size_t i) {
      if (i == 1) {
        later_index_fails.set_value();
        throw std::runtime_error("index 1");
      }
      later_index_fails.get_future().wait();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      throw std::runtime_error("index 0");
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "index 0");
  }
}

TEST(ParallelFor, RethrowsAnErrorAfterAllThreadsHaveStopped) {
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
