#include "core/random.h"

#include <cmath>

namespace actrec {
namespace {

// SplitMix64's finaliser: spreads (seed, purpose) over all key bits.
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3ULL;
  return hash;
}

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

KeyedRandom::KeyedRandom(std::uint64_t seed, Purpose purpose, std::uint32_t epoch, std::uint64_t item) {
  const std::uint64_t key = mix(seed + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(purpose));
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
  counter_ = {0, epoch, static_cast<std::uint32_t>(item), static_cast<std::uint32_t>(item >> 32)};
}

std::uint32_t KeyedRandom::next() {
  if (used_ == block_.size()) {
    block_ = philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

std::uint64_t KeyedRandom::next64() {
  const std::uint64_t high = next();
  return high << 32 | next();
}

double KeyedRandom::uniform() { return static_cast<double>(next64() >> 11) * 0x1.0p-53; }

double KeyedRandom::uniform(double low, double high) { return low + (high - low) * uniform(); }

std::uint64_t KeyedRandom::below(std::uint64_t n) {
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  std::uint64_t value = next64();
  while (value >= limit) value = next64();
  return value % n;
}

bool KeyedRandom::chance(double probability) { return uniform() < probability; }

double KeyedRandom::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * 3.14159265358979323846 * uniform());
}

}  // namespace actrec
