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

}  // namespace
}  // namespace actrec
