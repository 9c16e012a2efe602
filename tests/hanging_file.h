#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

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
  }
  HangingFile(const HangingFile&) = delete;
  HangingFile& operator=(const HangingFile&) = delete;

  bool hangs() const { return hangs_; }  // false where the file system has no leases

 private:
  pid_t child_ = -1;
  bool hangs_ = false;
};

}  // namespace actrec::testing
