#pragma once

#include <filesystem>
#include <memory>

namespace actrec {

// Keeps other processes that use this class out of a directory while it lives. Ends with the process, however
// that ends.
class DirectoryLock {
 public:
  // Throws ConfigError where another process holds the lock, Error where the directory cannot be opened. File
  // systems without locks let everybody in.
  explicit DirectoryLock(const std::filesystem::path& directory);
  // Null where another process holds the lock. Throws Error where the directory cannot be opened.
  static std::unique_ptr<DirectoryLock> try_lock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace actrec
