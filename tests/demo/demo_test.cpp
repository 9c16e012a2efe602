#include "demo/demo.h"

#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/videoio.hpp>
#include <sstream>
#include <stdexcept>

#include "core/error.h"
#include "core/text.h"
#include "demo/clip.h"
#include "demo/plan.h"

namespace actrec {
namespace fs = std::filesystem;
namespace {

class RenderDemo : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(testing::TempDir()) / ("actrec_demo_" + std::string(test->name()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  static DemoOptions smallest(std::uint64_t seed = 1, int threads = 2) {
    DemoOptions options;
    options.performers = 3;
    options.seed = seed;
    options.threads = threads;
    return options;
  }
  static void put(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::vector<cv::Mat> decode(const fs::path& path) {
    cv::VideoCapture reader(path.string(), cv::CAP_FFMPEG);
    std::vector<cv::Mat> frames;
    for (cv::Mat frame; reader.read(frame);) frames.push_back(frame.clone());
    return frames;
  }

  fs::path root_;
};

TEST_F(RenderDemo, WritesWhatItDrewAndAList) {
  const fs::path directory = root_ / "dém o";
  int calls = 0;
  const DemoSummary summary = render_demo(directory, smallest(), [&](int done, int total) {
    EXPECT_EQ(done, ++calls);
    EXPECT_EQ(total, 24);
    EXPECT_FALSE(fs::exists(directory / "clips.csv"));
  });
  EXPECT_EQ(calls, 24);
  EXPECT_EQ(summary.clips, 24);
  EXPECT_EQ(summary.train_clips, 8);
  EXPECT_EQ(summary.val_clips, 8);
  EXPECT_EQ(summary.test_clips, 8);
  EXPECT_EQ(summary.classes,
            (std::vector<std::string>{"lower_arm", "raise_arm", "sit_down", "stand_up", "step_left",
                                      "step_right", "turn_left", "turn_right"}));
  EXPECT_EQ(summary.list, directory / "clips.csv");
  EXPECT_EQ(read_file(summary.list), list_text(plan_clips(3)));

  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 25u);  // no probe or temporary file stays
  for (const PlannedClip& clip : plan_clips(3)) {
    const auto drawn = render_clip(1, clip.performer, clip.action);
    const auto read = decode(directory / clip.path);
    ASSERT_EQ(read.size(), drawn.size()) << clip.path;
    for (std::size_t t = 0; t < read.size(); ++t) {
      ASSERT_EQ(read[t].size(), cv::Size(160, 120));
      // The encoder smooths the noise; a wrong or shifted frame differs by much more.
      ASSERT_LT(cv::norm(read[t], drawn[t], cv::NORM_L1) / (160 * 120 * 3), 8) << clip.path << " " << t;
    }
    cv::VideoCapture reader((directory / clip.path).string(), cv::CAP_FFMPEG);
    EXPECT_DOUBLE_EQ(reader.get(cv::CAP_PROP_FPS), 25);
  }
}

TEST_F(RenderDemo, ThreadsDoNotChangeTheVideosAndTheSeedDoes) {
  render_demo(root_ / "one", smallest(1, 1));
  render_demo(root_ / "three", smallest(1, 3));
  render_demo(root_ / "other", smallest(2, 3));
  const auto same = [](const std::vector<cv::Mat>& a, const std::vector<cv::Mat>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t t = 0; t < a.size(); ++t) {
      if (cv::norm(a[t], b[t], cv::NORM_INF) != 0) return false;
    }
    return true;
  };
  for (const PlannedClip& clip : plan_clips(3)) {
    const auto frames = decode(root_ / "one" / clip.path);
    ASSERT_FALSE(frames.empty());
    EXPECT_TRUE(same(frames, decode(root_ / "three" / clip.path))) << clip.path;
    EXPECT_FALSE(same(frames, decode(root_ / "other" / clip.path))) << clip.path;
  }
}

TEST_F(RenderDemo, RefusesBadOptions) {
  DemoOptions options = smallest();
  options.performers = 2;
  EXPECT_THROW(render_demo(root_ / "set", options), ConfigError);
  options = smallest();
  options.threads = 0;
  EXPECT_THROW(render_demo(root_ / "set", options), ConfigError);
  EXPECT_FALSE(fs::exists(root_ / "set"));
}

TEST_F(RenderDemo, LeavesADirectoryOfSomeoneElseAlone) {
  const fs::path strangers[] = {"notes.txt", "clips.csv", "clips/raise_arm/my_own.mp4"};
  for (const fs::path& stranger : strangers) {
    const fs::path directory = root_ / stranger.stem();
    put(directory / stranger, "precious");
    try {
      render_demo(directory, smallest());
      FAIL() << stranger << " was ignored";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(directory.string()), std::string::npos) << error.what();
      EXPECT_FALSE(error.hint().empty());
    }
    EXPECT_EQ(read_file(directory / stranger), "precious");
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory))
      files += entry.is_regular_file() ? 1 : 0;
    EXPECT_EQ(files, 1u);
  }
}

TEST_F(RenderDemo, RefusesAPathThatCannotBecomeADirectory) {
  put(root_ / "file", "x");
  EXPECT_THROW(render_demo(root_ / "file", smallest()), Error);
  EXPECT_EQ(read_file(root_ / "file"), "x");
  // Not even root makes a directory here.
  EXPECT_THROW(render_demo("/proc/actrec_demo", smallest()), Error);
}

TEST_F(RenderDemo, AnInterruptedRunLeavesNoListAndCanBeRepeated) {
  const fs::path directory = root_ / "set";
  EXPECT_THROW(render_demo(directory, smallest(),
                           [](int done, int) {
                             if (done == 2) throw std::runtime_error("stop");
                           }),
               std::runtime_error);
  EXPECT_FALSE(fs::exists(directory / "clips.csv"));
  const fs::path probe = directory / "clips" / ".probe.mp4";  // of a run that was killed at its very start
  put(probe, "half a video");
  EXPECT_EQ(render_demo(directory, smallest()).clips, 24);
  EXPECT_FALSE(fs::exists(probe));

  // A finished set, too, may be rendered again; what the user added beside it stays.
  put(directory / "runs" / "log.txt", "mine");
  const std::string before = read_file(directory / "clips/turn_left/turn_left_p01.mp4");
  EXPECT_EQ(render_demo(directory, smallest(2)).clips, 24);
  EXPECT_NE(read_file(directory / "clips/turn_left/turn_left_p01.mp4"), before);
  EXPECT_EQ(read_file(directory / "runs" / "log.txt"), "mine");

  // A set of another size would leave clips behind that its list does not name.
  DemoOptions larger = smallest();
  larger.performers = 4;
  EXPECT_THROW(render_demo(directory, larger), Error);
  EXPECT_EQ(read_file(directory / "clips.csv"), list_text(plan_clips(3)));
}

TEST_F(RenderDemo, AVideoThatCannotBeWrittenIsAnError) {
  const fs::path directory = root_ / "set";
  fs::create_directories(directory / "clips/turn_left/turn_left_p02.mp4");
  try {
    render_demo(directory, smallest());
    FAIL() << "the missing video went unnoticed";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("turn_left_p02.mp4"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(fs::exists(directory / "clips.csv"));
}

}  // namespace
}  // namespace actrec
