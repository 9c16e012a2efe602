#pragma once

namespace actrec {

// From now on the first SIGINT or SIGTERM only makes stop_requested() true, so that a run can save and
// end at its next step; the second ends the process at once with exit code 130.
void install_stop_handler();

// Safe to call from any thread.
bool stop_requested() noexcept;

}  // namespace actrec
