#include "report/event_file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/text.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(Crc32c, GivesTheExamplesOfRfc3720) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
}

// TensorBoard itself reads files in tests/e2e/test_tensorboard.py.
TEST(EventFile, FramesItsRecords) {
  TemporaryDirectory directory;
  EventFile events(directory.path());
  events.add_scalar("loss", 3, 0.5);
  events.flush();
  const std::string bytes = read_file(events.path());
  std::size_t records = 0;
  for (std::size_t at = 0; at < bytes.size(); ++records) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
    const auto stored = [&](std::size_t position) {
      std::uint32_t value = 0;
      for (std::size_t i = 4; i > 0; --i)
        value = value << 8 | static_cast<unsigned char>(bytes.at(position + i - 1));
      return value;
    };
    EXPECT_EQ(stored(at + 8), masked_crc32c(bytes.substr(at, 8)));
    EXPECT_EQ(stored(at + 12 + length), masked_crc32c(bytes.substr(at + 12, length)));
    at += length + 16;
  }
  EXPECT_EQ(records, 2u);
  EXPECT_NE(bytes.find("brain.Event:2"), std::string::npos);
}

TEST(EventFile, NeverTakesTheNameOfAnother) {
  TemporaryDirectory directory;
  const EventFile one(directory.path()), other(directory.path());
  EXPECT_NE(one.path(), other.path());
}

TEST(EventFile, NamesTheFileThatCannotBeWrittenAndSaysWhy) {
  try {
    EventFile events("/nonexistent");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/nonexistent"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("No such file or directory"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace actrec
