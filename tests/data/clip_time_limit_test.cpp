#include "data/clip_time_limit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace actrec {
namespace {

class ClipTimeLimitTest : public ::testing::Test {
 protected:
  ClipTimeLimitTest() {
    clip_.name = "a clip";
    clip_.path = "videos/a.mp4";
  }

  ClipRef clip_;
};

TEST_F(ClipTimeLimitTest, ReadsAndLetsGoOfWhatReadingUsed) {
  const auto used = std::make_shared<int>(0);
  read_within(60, clip_, [used] { *used = 1; });
  EXPECT_EQ(*used, 1);
  EXPECT_EQ(used.use_count(), 1);
}

TEST_F(ClipTimeLimitTest, ThrowsWhatReadingThrows) {
  try {
    read_within(60, clip_, [] { throw DataError("it is empty", "remove it"); });
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "it is empty");
    EXPECT_EQ(error.hint(), "remove it");
  }
}

TEST_F(ClipTimeLimitTest, LeavesBehindWhoHangs) {
  struct Storage {
    std::mutex mutex;
    std::condition_variable changed;
    bool answers = false, left = false;
  };
  const auto storage = std::make_shared<Storage>();
  const auto hang = [storage] {
    std::unique_lock lock(storage->mutex);
    storage->changed.wait(lock, [&] { return storage->answers; });
    storage->left = true;
    storage->changed.notify_all();
  };
  try {
    read_within(0.1, clip_, hang);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()).rfind("clip 'a clip': videos/a.mp4 has not been read within", 0), 0u)
        << error.what();
    EXPECT_NE(error.hint().find("data.timeout_seconds"), std::string::npos);
  }
  // It goes on by itself once it can.
  std::unique_lock lock(storage->mutex);
  EXPECT_FALSE(storage->left);
  storage->answers = true;
  storage->changed.notify_all();
  EXPECT_TRUE(storage->changed.wait_for(lock, std::chrono::seconds(60), [&] { return storage->left; }));
}

}  // namespace
}  // namespace actrec
