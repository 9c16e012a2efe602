#include "data/clip_time_limit.h"

#include <fmt/format.h>

#include <memory>
#include <thread>
#include <utility>

#include "core/bounded_queue.h"
#include "core/text.h"

namespace actrec {

DataError not_read_within(double seconds, const ClipRef& clip) {
  return DataError(fmt::format("clip '{}': {} has not been read within {}", clip.name, clip.path.string(),
                               format_duration(seconds)),
                   "check the file and its storage, remove the clip, or raise data.timeout_seconds");
}

void read_within(double seconds, const ClipRef& clip, std::function<void()> read) {
  const auto answer = std::make_shared<BoundedQueue<bool>>(1);
  std::thread thread([answer, read = std::move(read)]() mutable {
    std::exception_ptr error;
    try {
      read();
    } catch (...) {
      error = std::current_exception();
    }
    read = nullptr;  // what it owns ends before the caller goes on
    answer->fail(std::move(error));
  });
  if (!answer->wait(seconds)) {
    thread.detach();
    throw not_read_within(seconds, clip);
  }
  thread.join();
  answer->pop();
}

}  // namespace actrec
