#include "data/bad_clips.h"

#include <gtest/gtest.h>

#include "log_capture.h"

namespace actrec {
namespace {

std::vector<ClipRef> clips(const std::string& prefix, int count) {
  std::vector<ClipRef> list(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) list[static_cast<std::size_t>(i)].name = prefix + std::to_string(i);
  return list;
}

DataError error_of(const ClipRef& clip) {
  return DataError("clip '" + clip.name + "': /x is empty", "copy it");
}

std::string message_of(BadClips& bad, const ClipRef& clip) {
  try {
    bad.add(clip, error_of(clip));
  } catch (const DataError& error) {
    return std::string(error.what()) + "; " + error.hint();
  }
  return "";
}

TEST(BadClips, AreErrorsThatSayHowToSkipThemUnlessAskedFor) {
  BadClips bad;
  EXPECT_FALSE(bad.skips());
  bad.expect("training", clips("a", 1));
  EXPECT_EQ(message_of(bad, clips("a", 1)[0]),
            "clip 'a0': /x is empty; copy it; data.bad_videos=skip leaves such clips out");
}

TEST(BadClips, ThatNobodyToldOfAreErrors) {
  BadClips bad(BadVideos::skip, 1);
  EXPECT_EQ(message_of(bad, clips("a", 1)[0]), "clip 'a0': /x is empty; copy it");
}

TEST(BadClips, AreNamedOnceWithTheirReason) {
  const testing::LogCapture log;
  BadClips bad(BadVideos::skip, 0.5);
  const auto train = clips("train", 4);
  bad.expect("training", train);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(message_of(bad, train[2]), "");
  EXPECT_EQ(log.text(), "warning: skipped clip 'train2': /x is empty\n");
  EXPECT_TRUE(bad.contains(train[2]));
  EXPECT_FALSE(bad.contains(train[1]));
  ASSERT_EQ(bad.list().size(), 1u);
  EXPECT_EQ(bad.list()[0].name, "train2");
  EXPECT_EQ(bad.list()[0].split, "training");
  EXPECT_EQ(bad.list()[0].reason, "/x is empty");
}

TEST(BadClips, TheShareIsOfEachSplit) {
  const testing::LogCapture log;
  BadClips bad(BadVideos::skip, 0.1);
  const auto train = clips("train", 30), val = clips("val", 9);
  bad.expect("training", train);
  bad.expect("validation", val);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(message_of(bad, train[static_cast<std::size_t>(i)]), "") << i;
  const std::string fourth = message_of(bad, train[3]);
  EXPECT_NE(fourth.find("4 of 30 training clips cannot be read, more than data.max_bad_fraction, 0.1"),
            std::string::npos)
      << fourth;
  EXPECT_NE(message_of(bad, val[0]).find("1 of 9 validation clips"), std::string::npos);
}

TEST(BadClips, ASplitWithoutAnyGoodClipIsAnError) {
  const testing::LogCapture log;
  BadClips bad(BadVideos::skip, 1);
  const auto val = clips("val", 2);
  bad.expect("validation", val);
  EXPECT_EQ(message_of(bad, val[0]), "");
  EXPECT_NE(message_of(bad, val[1]).find("none of the 2 validation clips can be read"), std::string::npos);
}

}  // namespace
}  // namespace actrec
