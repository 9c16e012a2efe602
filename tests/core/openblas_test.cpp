#include "core/openblas.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

TEST(BetterOpenblasKernels, AreThoseThatTheProcessorCanRun) {
  EXPECT_EQ(better_openblas_kernels("Prescott", true, true), "SkylakeX");
  EXPECT_EQ(better_openblas_kernels("Prescott", true, false), "Haswell");
  EXPECT_EQ(better_openblas_kernels("Prescott", false, false), "");
}

TEST(BetterOpenblasKernels, ReplaceNoneThatWereChosenForTheProcessor) {
  for (const char* kernels : {"", "Haswell", "SkylakeX", "Zen", "SapphireRapids", "Sandybridge"})
    EXPECT_EQ(better_openblas_kernels(kernels, true, true), "") << kernels;
}

}  // namespace
}  // namespace actrec
