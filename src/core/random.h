#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace actrec {

// What a random draw is for. Part of the key, so that one purpose's draws never shift another's.
enum class Purpose : std::uint32_t {
  shuffle = 1,
  sample,
  augment,
  split,
  initialize,
  dropout,
  statistics,
  demo,
  frame_order,
  bootstrap
};

// 64-bit FNV-1a: stable across platforms and versions, for keys and fingerprints (not cryptographic).
std::uint64_t stable_hash(std::string_view text);

// Philox4x32-10: scrambles a counter under a key (Salmon et al., "Parallel random numbers: as easy as 1, 2,
// 3", SC 2011).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// Counter-based random numbers from Philox4x32-10. The stream is a pure function of (seed, purpose, epoch,
// item), so draws are the same for any number of threads. Cheap to construct; not for sharing between
// threads.
class KeyedRandom {
 public:
  KeyedRandom(std::uint64_t seed, Purpose purpose, std::uint32_t epoch = 0, std::uint64_t item = 0);

  std::uint32_t next();                     // uniform over all 32-bit values
  std::uint64_t next64();                   // uniform over all 64-bit values
  double uniform();                         // [0, 1), 53 random bits
  double uniform(double low, double high);  // [low, high], high only by rounding
  std::uint64_t below(std::uint64_t n);     // uniform over 0 .. n-1, unbiased; n >= 1
  bool chance(double probability);          // true with the given probability
  double normal();                          // mean 0, standard deviation 1

  // Fisher-Yates.
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
};

}  // namespace actrec
