#include "engine/step_agreement.h"

#include <gtest/gtest.h>

#include "process_threads.h"

namespace actrec {
namespace {

TEST(StepAgreement, OneProcessAgreesWithItself) {
  ProcessGroup alone;
  const StepAgreement all = StepAgreement{2.5, 2, true, false}.with(alone);
  EXPECT_EQ(all.weight, 2.5);
  EXPECT_EQ(all.clips, 2);
  EXPECT_TRUE(all.stop);
  EXPECT_FALSE(all.save);
}

TEST(StepAgreement, ClipsAddUpAndOneSignalIsEnough) {
  run_together(3, [](ProcessGroup& group) {
    const int rank = group.rank();
    const StepAgreement all = StepAgreement{0.5 * rank, rank, rank == 1, false}.with(group);
    EXPECT_DOUBLE_EQ(all.weight, 1.5);
    EXPECT_EQ(all.clips, 3);
    EXPECT_TRUE(all.stop);
    EXPECT_FALSE(all.save);
    EXPECT_TRUE((StepAgreement{1, 1, false, rank == 2}.with(group).save));
  });
}

}  // namespace
}  // namespace actrec
