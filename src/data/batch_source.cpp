#include "data/batch_source.h"

#include <numeric>

#include "core/random.h"

namespace actrec {

std::vector<std::size_t> training_order(std::size_t count, std::uint64_t seed, int epoch) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  KeyedRandom(seed, Purpose::shuffle, static_cast<std::uint32_t>(epoch)).shuffle(order);
  return order;
}

}  // namespace actrec
