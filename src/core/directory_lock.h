#pragma once

#include <filesystem>

namespace actrec {

// Keeps other processes that use this class out of a directory while it lives. Ends with the process, however
// that ends.
class DirectoryLock {
 public:
  // Throws ConfigError where another process holds the lock, Error where the directory cannot be opened. File
  // systems without locks let everybody in.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace actrec
