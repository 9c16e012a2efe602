#include "engine/shared_bad_clips.h"

#include <gtest/gtest.h>

#include "process_threads.h"

namespace actrec {
namespace {

constexpr const char* kLatin = "caf\xe9";  // a name that is not UTF-8

ClipRef clip(const std::string& name) {
  ClipRef clip;
  clip.name = name;
  return clip;
}

TEST(SharedBadClips, EveryProcessKnowsThemAll) {
  run_together(2, [](ProcessGroup& group) {
    BadClips bad(BadVideos::skip, 0.5);
    bad.expect("training", {clip("a"), clip("b"), clip(kLatin), clip("d")});
    bad.add(clip("a"), DataError("clip 'a': no frames"));
    if (group.rank() == 1) bad.add(clip(kLatin), DataError("caf\xe9.avi: cut off"));
    share_bad_clips(bad, group);
    ASSERT_EQ(bad.list().size(), 2u);
    EXPECT_EQ(bad.list()[0].reason, "no frames");
    EXPECT_EQ(bad.list()[1].name, kLatin);
    EXPECT_EQ(bad.list()[1].split, "training");
    EXPECT_EQ(bad.list()[1].reason, "caf\xe9.avi: cut off");
  });
}

TEST(SharedBadClips, TooManyOfAllEndEveryProcess) {
  run_together(2, [](ProcessGroup& group) {
    BadClips bad(BadVideos::skip, 0.25);
    bad.expect("training", {clip("a"), clip("b"), clip("c"), clip("d")});
    bad.add(clip(group.leads() ? "a" : "b"), DataError("no frames"));
    EXPECT_THROW(share_bad_clips(bad, group), DataError);
  });
}

}  // namespace
}  // namespace actrec
