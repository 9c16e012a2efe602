#include "core/logging.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "core/error.h"
#include "core/text.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(Logging, TheFileHoldsWhatWasSaidBeforeItExistedAndAllDetails) {
  TemporaryDirectory directory;
  init_logging(Verbosity::quiet);
  spdlog::warn("RANDOM SPLIT");
  add_log_file(directory / "log.txt");
  spdlog::debug("a detail");
  spdlog::info("an epoch");
  const std::string text = read_file(directory / "log.txt");
  const auto first = text.find("RANDOM SPLIT"), second = text.find("a detail"), third = text.find("an epoch");
  EXPECT_NE(first, std::string::npos);
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
  EXPECT_EQ(text.find("RANDOM SPLIT", first + 1), std::string::npos);
}

TEST(Logging, ASecondFileTakesThePlaceOfTheFirst) {
  TemporaryDirectory directory;
  init_logging(Verbosity::quiet);
  add_log_file(directory / "one.txt");
  spdlog::info("the first fold");
  add_log_file(directory / "two.txt");
  spdlog::info("the second fold");
  const std::string one = read_file(directory / "one.txt"), two = read_file(directory / "two.txt");
  EXPECT_NE(one.find("the first fold"), std::string::npos);
  EXPECT_EQ(one.find("the second fold"), std::string::npos);
  EXPECT_EQ(two.find("the first fold"), std::string::npos);
  EXPECT_NE(two.find("the second fold"), std::string::npos);
}

TEST(Logging, NamesAFileThatCannotBeOpened) {
  init_logging(Verbosity::quiet);
  EXPECT_THROW(add_log_file("/dev/null/log.txt"), Error);
}

}  // namespace
}  // namespace actrec
