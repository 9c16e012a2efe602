#include "data/clip_time_limit.h"

#include <fmt/format.h>

#include "core/text.h"

namespace actrec {

DataError not_read_within(double seconds, const ClipRef& clip) {
  return DataError(fmt::format("clip '{}': {} has not been read within {}", clip.name, clip.path.string(),
                               format_duration(seconds)),
                   "check the file and its storage, remove the clip, or raise data.timeout_seconds");
}

void read_within(double seconds, const ClipRef& clip, std::function<void()> read) {
  using Thread = ClipThread<bool>;
  Thread(clip, seconds, 1, [read = std::move(read)](Thread::Queue&) { read(); }).next();
}

}  // namespace actrec
