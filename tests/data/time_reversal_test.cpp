#include "data/time_reversal.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace actrec {
namespace {

const std::vector<std::string> kClasses{"close", "open", "run", "wave"};

std::vector<ClipRef> clip_of_each_class() {
  std::vector<ClipRef> clips(kClasses.size());
  for (std::size_t i = 0; i < clips.size(); ++i) clips[i].label = static_cast<int>(i);
  return clips;
}

TEST(TimeReversal, AClipShowsThePartnerOfItsClass) {
  std::vector<ClipRef> clips = clip_of_each_class();
  set_reversed_labels(clips, kClasses, {{{"open", "close"}, {"wave", "wave"}}});
  EXPECT_EQ(clips[0].reversed_label, 1);
  EXPECT_EQ(clips[1].reversed_label, 0);
  EXPECT_EQ(clips[2].reversed_label, -1);
  EXPECT_EQ(clips[3].reversed_label, 3);
}

TEST(TimeReversal, AClassThatIsNotThereIsNamed) {
  std::vector<ClipRef> clips = clip_of_each_class();
  try {
    set_reversed_labels(clips, kClasses, {{{"open", "clsoe"}}});
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "augment.time_reversal.pairs: the data set has no class 'clsoe'");
    EXPECT_NE(error.hint().find("close"), std::string::npos);
  }
}

}  // namespace
}  // namespace actrec
