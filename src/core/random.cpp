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

KeyedRandom::KeyedRandom(std::uint64_t seed, Purpose purpose, std::uint32_t epoch, std::uint64_t item) {
  const std::uint64_t key = mix(seed + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(purpose));
  key_[0] = static_cast<std::uint32_t>(key);
  key_[1] = static_cast<std::uint32_t>(key >> 32);
  counter_[0] = 0;
  counter_[1] = epoch;
  counter_[2] = static_cast<std::uint32_t>(item);
  counter_[3] = static_cast<std::uint32_t>(item >> 32);
}

void KeyedRandom::refill() {
  std::uint32_t c[4] = {counter_[0], counter_[1], counter_[2], counter_[3]};
  std::uint32_t k0 = key_[0], k1 = key_[1];
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    const std::uint32_t next0 = static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0;
    const std::uint32_t next2 = static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1;
    c[0] = next0;
    c[1] = static_cast<std::uint32_t>(p1);
    c[2] = next2;
    c[3] = static_cast<std::uint32_t>(p0);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (int i = 0; i < 4; ++i) block_[i] = c[i];
  ++counter_[0];
  used_ = 0;
}

std::uint32_t KeyedRandom::next() {
  if (used_ == 4) refill();
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
