#include "config/wrap.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

TEST(WrapText, BreaksAtSpaces) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrap_text("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap_text("one two three", 6), (Lines{"one", "two", "three"}));
  EXPECT_EQ(wrap_text("a incomprehensible b", 5), (Lines{"a", "incomprehensible", "b"}));
  EXPECT_EQ(wrap_text("short", 100), (Lines{"short"}));
}

}  // namespace
}  // namespace actrec
