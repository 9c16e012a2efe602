#pragma once

#include <cstddef>
#include <cstdint>

namespace actrec {

// XXH3 with 64 bits (Collet, xxHash 0.8): finds damage, not malice. Safe to call from many threads.
std::uint64_t checksum(const void* bytes, std::size_t size);

}  // namespace actrec
