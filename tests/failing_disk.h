#pragma once

#include <fcntl.h>

#include <cerrno>

#include "core/file_ops.h"

namespace actrec {

// While it lives, one operation on files fails, as a disk does that is full or breaks down; or every write is
// short.
class FailingDisk {
 public:
  // The `at`-th operation, from 1, fails with `error`; those after it as well where `for_good`. 0: none does.
  FailingDisk(int at, int error, bool for_good = false, bool short_writes = false) {
    state() = {at, error, for_good, short_writes, 0};
    use_file_ops(kOps);
  }
  ~FailingDisk() { use_file_ops(kSystemFileOps); }
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  static int operations() { return state().done; }  // so far

 private:
  struct State {
    int at = 0, error = 0;
    bool for_good = false, short_writes = false;
    int done = 0;
  };
  static State& state() {
    static State of_the_disk;
    return of_the_disk;
  }
  static bool fails() {
    State& disk = state();
    ++disk.done;
    const bool failing = disk.at > 0 && (disk.for_good ? disk.done >= disk.at : disk.done == disk.at);
    if (failing) errno = disk.error;
    return failing;
  }

  static int open(const char* path, int flags, mode_t mode) {
    return fails() ? -1 : kSystemFileOps.open(path, flags, mode);
  }
  static ssize_t write(int descriptor, const void* bytes, std::size_t size) {
    if (fails()) return -1;
    return kSystemFileOps.write(descriptor, bytes, state().short_writes && size > 1 ? (size + 1) / 2 : size);
  }
  static int fsync(int descriptor) { return fails() ? -1 : kSystemFileOps.fsync(descriptor); }
  static int close(int descriptor) {
    const int closed = kSystemFileOps.close(descriptor);  // it is gone even where this fails
    return fails() ? -1 : closed;
  }
  static int rename(const char* from, const char* to) {
    return fails() ? -1 : kSystemFileOps.rename(from, to);
  }
  static int unlink(const char* path) { return fails() ? -1 : kSystemFileOps.unlink(path); }

  static constexpr FileOps kOps{open, write, fsync, close, rename, unlink};
};

}  // namespace actrec
