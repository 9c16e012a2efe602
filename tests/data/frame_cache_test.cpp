#include "data/frame_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/error.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

constexpr int kSide = 50;  // of the square frames that the tests store, raw: 7,500 bytes each

class FrameCacheTest : public ::testing::Test {
 protected:
  FrameCacheTest() {
    for (const char* name : {"a.mp4", "b.mp4", "c.mp4", "d.mp4"}) write_bytes(dir_ / name, name);
  }

  FrameCache::Options options(std::uint64_t limit = 1'000'000) const {
    return {dir_ / "cache", limit, 128, {FrameEncoding::raw}};
  }
  ClipRef clip(const std::string& name) const { return clip_of(dir_ / name, name); }

  // Stores ten frames of that level.
  static std::unique_ptr<CachedClip> store(FrameCache& cache, const ClipRef& clip, int level = 100) {
    return cache.store(clip, [&](const auto& add) {
      for (int i = 0; i < 10; ++i) add(cv::Mat(kSide, kSide, CV_8UC3, cv::Scalar::all(level)));
    });
  }
  static int level_of(const CachedClip& clip) {
    cv::Mat buffer;
    return clip.frame(0, buffer).at<cv::Vec3b>(0, 0)[0];
  }
  static std::size_t files_in(const fs::path& directory) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) count += entry.is_regular_file();
    return count;
  }
  // As if everything in the cache had last been used that long ago.
  void age(std::chrono::hours age) const {
    for (const auto& entry : fs::recursive_directory_iterator(dir_ / "cache")) {
      if (entry.is_regular_file()) fs::last_write_time(entry, fs::file_time_type::clock::now() - age);
    }
  }

  TempDir dir_;
};

TEST_F(FrameCacheTest, FindsWhatWasStoredAlsoInAnotherProcess) {
  FrameCache cache(options());
  EXPECT_EQ(cache.find(clip("a.mp4")), nullptr);
  ASSERT_TRUE(store(cache, clip("a.mp4"), 42));
  EXPECT_EQ(level_of(*cache.find(clip("a.mp4"))), 42);
  EXPECT_EQ(cache.find(clip("b.mp4")), nullptr);
  FrameCache other(options());
  EXPECT_EQ(level_of(*other.find(clip("a.mp4"))), 42);
}

TEST_F(FrameCacheTest, WhateverChangesThePixelsIsAnotherEntry) {
  FrameCache cache(options());
  ASSERT_TRUE(store(cache, clip("a.mp4")));
  FrameCache::Options smaller = options(), jpeg = options();
  smaller.short_side = 64;
  jpeg.format = {FrameEncoding::jpeg, 95};
  ClipRef part = clip("a.mp4");
  part.end_seconds = 1;
  EXPECT_EQ(FrameCache(smaller).find(clip("a.mp4")), nullptr);
  EXPECT_EQ(FrameCache(jpeg).find(clip("a.mp4")), nullptr);
  EXPECT_EQ(cache.find(part), nullptr);
  FrameCache first(jpeg);
  ASSERT_TRUE(store(first, clip("a.mp4")));
  jpeg.format.quality = 94;
  EXPECT_EQ(FrameCache(jpeg).find(clip("a.mp4")), nullptr);
  EXPECT_TRUE(cache.find(clip("a.mp4"))) << "another format must not push out this one";
}

TEST_F(FrameCacheTest, AChangedVideoIsNotFoundAndItsOldFramesGo) {
  FrameCache cache(options());
  ASSERT_TRUE(store(cache, clip("a.mp4"), 1));
  const auto written = fs::last_write_time(dir_ / "a.mp4");
  fs::last_write_time(dir_ / "a.mp4", written + std::chrono::nanoseconds(1000));
  EXPECT_EQ(cache.find(clip("a.mp4")), nullptr);
  write_bytes(dir_ / "a.mp4", "longer than it was");
  EXPECT_EQ(cache.find(clip("a.mp4")), nullptr);
  ASSERT_TRUE(store(cache, clip("a.mp4"), 2));
  EXPECT_EQ(level_of(*cache.find(clip("a.mp4"))), 2);
  EXPECT_EQ(files_in(dir_ / "cache"), 1u);
}

TEST_F(FrameCacheTest, AVideoThatChangesWhileItIsReadIsNotStored) {
  FrameCache cache(options());
  EXPECT_EQ(cache.store(clip("a.mp4"),
                        [&](const auto& add) {
                          add(cv::Mat(8, 8, CV_8UC3, cv::Scalar::all(1)));
                          write_bytes(dir_ / "a.mp4", "still being copied");
                        }),
            nullptr);
  EXPECT_EQ(files_in(dir_ / "cache"), 0u);
  EXPECT_TRUE(store(cache, clip("a.mp4"))) << "the next time it may be complete";
}

TEST_F(FrameCacheTest, AChangedImageOfAFrameFolderIsNoticedByTheNextRun) {
  make_numbered_frames(dir_ / "folder", 3);
  FrameCache cache(options());
  ASSERT_TRUE(store(cache, clip("folder")));
  EXPECT_TRUE(FrameCache(options()).find(clip("folder")));
  write_bytes(dir_ / "folder/frame1.png", "another");
  EXPECT_EQ(FrameCache(options()).find(clip("folder")), nullptr);
}

TEST_F(FrameCacheTest, AFailingClipLeavesNothing) {
  FrameCache cache(options());
  EXPECT_THROW(cache.store(clip("a.mp4"),
                           [](const auto& add) {
                             add(cv::Mat(8, 8, CV_8UC3, cv::Scalar::all(0)));
                             throw DataError("broken in the middle");
                           }),
               DataError);
  EXPECT_EQ(cache.find(clip("a.mp4")), nullptr);
  EXPECT_EQ(files_in(dir_ / "cache"), 0u);
  EXPECT_TRUE(store(cache, clip("b.mp4"))) << "one bad clip does not close the cache";
}

TEST_F(FrameCacheTest, StopsAtItsLimitAndKeepsWhatThisRunUses) {
  FrameCache cache(options(180'000));  // two clips of 75,000 bytes
  EXPECT_TRUE(store(cache, clip("a.mp4")));
  EXPECT_TRUE(store(cache, clip("b.mp4")));
  EXPECT_EQ(store(cache, clip("c.mp4")), nullptr);
  EXPECT_EQ(store(cache, clip("d.mp4")), nullptr);
  EXPECT_TRUE(cache.find(clip("a.mp4")));
  EXPECT_TRUE(cache.find(clip("b.mp4")));
  EXPECT_EQ(files_in(dir_ / "cache"), 2u);
}

TEST_F(FrameCacheTest, MakesRoomByRemovingWhatNobodyHasUsedLongest) {
  {
    FrameCache earlier(options());
    store(earlier, clip("a.mp4"));
    store(earlier, clip("b.mp4"));
    age(std::chrono::hours(5));
  }
  FrameCache cache(options(180'000));
  EXPECT_TRUE(cache.find(clip("a.mp4")));  // in use now
  EXPECT_TRUE(store(cache, clip("c.mp4")));
  EXPECT_TRUE(cache.find(clip("a.mp4")));
  EXPECT_EQ(cache.find(clip("b.mp4")), nullptr);
}

TEST_F(FrameCacheTest, RemovesOnlyItsOwnFiles) {
  const std::vector<std::string> foreign{"old.tmp", "x.frames", "ab/old.tmp", "ab/0123.frames",
                                         "deep/er/y.frames"};
  for (const std::string& name : foreign) {
    fs::create_directories((dir_ / "cache" / name).parent_path());
    write_bytes(dir_ / "cache" / name, std::string(200'000, 'x'));
  }
  const fs::path left_behind = dir_ / "cache/ab/ab23456789012345-0123456789012345.frames.77-0.tmp";
  write_bytes(left_behind, "half a clip");
  age(std::chrono::hours(2));
  FrameCache cache(options(100'000));
  EXPECT_FALSE(fs::exists(left_behind)) << "what a killed process left half-written goes";
  EXPECT_TRUE(store(cache, clip("a.mp4"))) << "foreign files do not count";
  EXPECT_EQ(store(cache, clip("b.mp4")), nullptr);
  for (const std::string& name : foreign) EXPECT_TRUE(fs::exists(dir_ / "cache" / name)) << name;
}

TEST_F(FrameCacheTest, LeavesAloneWhatAnotherProcessIsWriting) {
  const fs::path being_written = dir_ / "cache/ab/ab23456789012345-0123456789012345.frames.77-0.tmp";
  fs::create_directories(being_written.parent_path());
  write_bytes(being_written, "half a clip");
  FrameCache cache(options());
  EXPECT_TRUE(fs::exists(being_written));
}

TEST_F(FrameCacheTest, ForgetsWhatIsRemoved) {
  FrameCache cache(options());
  store(cache, clip("a.mp4"));
  cache.remove(clip("a.mp4"));
  EXPECT_EQ(cache.find(clip("a.mp4")), nullptr);
}

TEST_F(FrameCacheTest, MappedFramesOutliveTheirFile) {
  FrameCache cache(options());
  const auto kept = store(cache, clip("a.mp4"), 9);
  cache.remove(clip("a.mp4"));
  EXPECT_EQ(level_of(*kept), 9);
}

TEST_F(FrameCacheTest, ManyThreadsAndProcessesMayStoreTheSameClip) {
  FrameCache one(options()), other(options());
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      FrameCache& cache = t % 2 == 0 ? one : other;
      for (int i = 0; i < 20; ++i) {
        const auto stored = store(cache, clip("a.mp4"), 7);
        ASSERT_TRUE(stored);
        ASSERT_TRUE(stored->intact(9));
        ASSERT_EQ(level_of(*stored), 7);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(files_in(dir_ / "cache"), 1u);
}

TEST_F(FrameCacheTest, ADirectoryThatCannotBeMadeIsAnError) {
  FrameCache::Options inside_a_file = options();
  inside_a_file.directory = dir_ / "a.mp4/cache";
  EXPECT_THROW(FrameCache{inside_a_file}, Error);
}

TEST_F(FrameCacheTest, ADirectoryThatGoesAwayOnlyStopsCaching) {
  FrameCache cache(options());
  fs::remove_all(dir_ / "cache");
  write_bytes(dir_ / "cache", "now a file");
  EXPECT_EQ(store(cache, clip("a.mp4")), nullptr);
  EXPECT_EQ(cache.find(clip("a.mp4")), nullptr);
}

TEST(CacheDirectory, IsTheSettingOrFollowsTheEnvironment) {
  DataSettings settings;
  const auto with = [&](const char* xdg, const char* home) {
    const char* old_home = std::getenv("HOME");
    const std::string kept = old_home == nullptr ? "" : old_home;
    xdg == nullptr ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", xdg, 1);
    home == nullptr ? ::unsetenv("HOME") : ::setenv("HOME", home, 1);
    const fs::path directory = cache_directory(settings);
    ::setenv("HOME", kept.c_str(), 1);
    ::unsetenv("XDG_CACHE_HOME");
    return directory;
  };
  EXPECT_EQ(with("/x", "/h"), "/x/actrec/frames");
  EXPECT_EQ(with(nullptr, "/h"), "/h/.cache/actrec/frames");
  EXPECT_EQ(with(nullptr, nullptr), "");
  settings.cache_dir = "/mine";
  EXPECT_EQ(with("/x", "/h"), "/mine");
}

}  // namespace
}  // namespace actrec
