#include "engine/odd_clips.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

class OddClipsTest : public ::testing::Test {
 protected:
  // Nine clips of 55 to 63 frames, 320x240, 30 frames/s; the tenth is the test's.
  OddClipsTest() : refs_(10), facts_(10) {
    for (std::size_t i = 0; i < refs_.size(); ++i) {
      refs_[i].name = "clip" + std::to_string(i);
      facts_[i].frames = 55 + static_cast<std::int64_t>(i);
      facts_[i].width = 320;
      facts_[i].height = 240;
      facts_[i].frames_per_second = 30;
    }
  }
  ClipFacts& last() { return facts_.back(); }
  std::vector<std::string> found() const {
    std::vector<MeasuredClip> clips;
    for (std::size_t i = 0; i < refs_.size(); ++i) clips.push_back({&refs_[i], &facts_[i]});
    std::vector<std::string> texts;
    for (const OddClip& odd : find_odd_clips(clips)) texts.push_back(odd.clip + ": " + odd.what);
    return texts;
  }
  using Texts = std::vector<std::string>;

  std::vector<ClipRef> refs_;
  std::vector<ClipFacts> facts_;
};

TEST_F(OddClipsTest, OrdinaryClipsAreNotOdd) { EXPECT_EQ(found(), Texts()); }

TEST_F(OddClipsTest, AreFarFromTheOthersInLengthSizeShapeOrRate) {
  last().frames = 9;
  EXPECT_EQ(found(), Texts{"clip9: 9 frames, the median is 59"});
  last().frames = 1000;
  EXPECT_EQ(found(), Texts{"clip9: 1000 frames, the median is 60"});
  last().frames = 60;
  last().width = 1280;
  last().height = 960;
  EXPECT_EQ(found(), Texts{"clip9: 1280x960, 1228800 pixels, the median is 76800"});
  last().width = 240;
  last().height = 320;
  EXPECT_EQ(found(), Texts{"clip9: 240x320, 0.75 times as wide as high, the median is 1.33"});
  last().width = 320;
  last().height = 240;
  last().frames_per_second = 10;
  EXPECT_EQ(found(), Texts{"clip9: 10 frames/s, the median is 30"});
}

TEST_F(OddClipsTest, WhatVariesInAllClipsIsNotOdd) {
  for (std::size_t i = 0; i < facts_.size(); ++i) facts_[i].frames = 10 << i;  // from 10 to 5120
  EXPECT_EQ(found(), Texts());
}

TEST_F(OddClipsTest, AreCutShortOfWhatTheirHeaderClaims) {
  last().header_frames = 66;  // of 64
  EXPECT_EQ(found(), Texts());
  last().header_frames = 100;
  EXPECT_EQ(found(), Texts{"clip9: 64 of the 100 frames that its header claims can be decoded"});
  refs_.back().end_seconds = 3;  // a part of the video
  EXPECT_EQ(found(), Texts());
}

}  // namespace
}  // namespace actrec
