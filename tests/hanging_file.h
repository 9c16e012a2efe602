#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <thread>

namespace actrec::testing {

// While it lives, whoever opens the file hangs, as on storage that does not answer: another process holds a
// lease on it and does not give it up (fcntl(2), F_SETLEASE; the kernel takes it away after 45 s).
class HangingFile {
 public:
  explicit HangingFile(const std::filesystem::path& path) {
    int ready[2];
    if (::pipe(ready) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::signal(SIGIO, SIG_IGN);
      const int file = ::open(path.c_str(), O_RDWR);
      const char holds = file >= 0 && ::fcntl(file, F_SETLEASE, F_WRLCK) == 0 ? 'y' : 'n';
      if (::write(ready[1], &holds, 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char holds = 'n';
    hangs_ = ::read(ready[0], &holds, 1) == 1 && holds == 'y';
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~HangingFile() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    // Whoever hung goes on now, which must not happen while the test program ends.
    for (int i = 0; i < 200 && threads() > threads_before_; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  HangingFile(const HangingFile&) = delete;
  HangingFile& operator=(const HangingFile&) = delete;

  bool hangs() const { return hangs_; }  // false where the file system has no leases

 private:
  static std::size_t threads() {  // of this process
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
  }

  std::size_t threads_before_ = threads();
  pid_t child_ = -1;
  bool hangs_ = false;
};

}  // namespace actrec::testing
