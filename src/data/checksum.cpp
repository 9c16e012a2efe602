#include "data/checksum.h"

#include <cstring>
#include <memory>
#include <new>

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/murmur3.h>
}

namespace actrec {
namespace {

struct Freer {
  void operator()(AVMurMur3* state) const { av_free(state); }
};

}  // namespace

std::uint64_t checksum(const void* bytes, std::size_t size) {
  static thread_local const std::unique_ptr<AVMurMur3, Freer> state(av_murmur3_alloc());
  if (!state) throw std::bad_alloc();
  av_murmur3_init(state.get());
  av_murmur3_update(state.get(), static_cast<const std::uint8_t*>(bytes), size);
  std::uint8_t digest[16];
  av_murmur3_final(state.get(), digest);
  std::uint64_t value = 0;
  std::memcpy(&value, digest, sizeof value);
  return value;
}

}  // namespace actrec
