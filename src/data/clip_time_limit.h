#pragma once

#include <functional>

#include "core/error.h"
#include "data/clip_ref.h"

namespace actrec {

// What is said of a clip that was not read within data.timeout_seconds.
DataError not_read_within(double seconds, const ClipRef& clip);

// Calls `read`, which reads one clip, in a thread of its own, and waits for it. Throws what it throws, and
// not_read_within() where it takes longer than `seconds`: the thread, which hangs in a file, is then left
// behind. So `read` must own all that it uses. Safe to call from many threads at once.
void read_within(double seconds, const ClipRef& clip, std::function<void()> read);

}  // namespace actrec
