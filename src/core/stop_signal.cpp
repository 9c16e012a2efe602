#include "core/stop_signal.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "core/error.h"

namespace actrec {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void on_signal(int) {
  if (requested.exchange(true)) ::_exit(static_cast<int>(ExitCode::interrupted));
}

}  // namespace

void install_stop_handler() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() noexcept { return requested.load(std::memory_order_relaxed); }

}  // namespace actrec
