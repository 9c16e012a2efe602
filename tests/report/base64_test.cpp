#include "report/base64.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

TEST(Base64, GivesTheExamplesOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfb\xfe"), "//v+");
}

}  // namespace
}  // namespace actrec
