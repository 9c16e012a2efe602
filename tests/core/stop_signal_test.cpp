#include "core/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace actrec {
namespace {

// Runs `body` in a child process and returns its exit code.
template <typename Body>
int exit_code_of(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    install_stop_handler();
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StopSignal, TheFirstOnlyAsksToStop) {
  for (const int signal : {SIGINT, SIGTERM}) {
    EXPECT_EQ(exit_code_of([signal] {
                if (stop_requested()) return 1;
                ::raise(signal);
                return stop_requested() ? 5 : 2;
              }),
              5);
  }
}

TEST(StopSignal, TheSecondEndsTheProcess) {
  EXPECT_EQ(exit_code_of([] {
              ::raise(SIGINT);
              ::raise(SIGINT);
              return 0;
            }),
            130);
}

}  // namespace
}  // namespace actrec
