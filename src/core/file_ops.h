#pragma once

#include <sys/types.h>

#include <cstddef>

namespace actrec {

// The system calls by which files are published, as AtomicFile makes them; each returns what the system call
// returns and sets errno. Tests put others in their place, to see what a disk that fails at any of them does.
struct FileOps {
  int (*open)(const char* path, int flags, mode_t mode);
  ssize_t (*write)(int descriptor, const void* bytes, std::size_t size);
  int (*fsync)(int descriptor);
  int (*close)(int descriptor);
  int (*rename)(const char* from, const char* to);
  int (*unlink)(const char* path);
};

// The system's own.
extern const FileOps kSystemFileOps;

// Those in use.
const FileOps& file_ops() noexcept;

// From now on uses `ops`, which must outlive their use. Only for tests, while nothing else runs.
void use_file_ops(const FileOps& ops) noexcept;

}  // namespace actrec
