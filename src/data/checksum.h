#pragma once

#include <cstddef>
#include <cstdint>

namespace actrec {

// 64 bits of MurmurHash3 (Appleby 2011): finds damage, not malice; several GB/s. Safe to call from many
// threads.
std::uint64_t checksum(const void* bytes, std::size_t size);

}  // namespace actrec
