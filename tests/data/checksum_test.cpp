#include "data/checksum.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace actrec {
namespace {

TEST(Checksum, DependsOnEveryBitAndOnTheLength) {
  std::string bytes(100, 'a');
  std::set<std::uint64_t> sums{checksum(bytes.data(), bytes.size()), checksum(bytes.data(), bytes.size() - 1),
                               checksum(bytes.data(), 0)};
  EXPECT_EQ(checksum(bytes.data(), bytes.size()), checksum(bytes.data(), bytes.size()));
  for (char& byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(byte ^ (1 << bit));
      sums.insert(checksum(bytes.data(), bytes.size()));
      byte = static_cast<char>(byte ^ (1 << bit));
    }
  }
  EXPECT_EQ(sums.size(), 803u);
}

// What `printf ... | xxhsum -H3` prints.
TEST(Checksum, IsXxh3) {
  EXPECT_EQ(checksum("", 0), 0x2d06800538d394c2u);
  EXPECT_EQ(checksum("actrec", 6), 0xafa677adce36fb7au);
}

}  // namespace
}  // namespace actrec
