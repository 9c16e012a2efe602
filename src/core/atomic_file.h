#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace actrec {

// A file that appears under its name complete or not at all: written beside the target under a
// temporary name, fsync'd, renamed over it, and the directory fsync'd. Destroyed without commit(), it
// removes the temporary file and leaves an earlier target untouched. Every failure (disk full,
// read-only, no permission) throws Error with the path and the system's reason. Not for sharing
// between threads.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, std::size_t size);
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

void write_file_atomically(const std::filesystem::path& target, std::string_view content);

// Creates the directory and its parents, and checks that a file can be made in it. Throws Error
// naming the path and the reason.
void create_writable_directory(const std::filesystem::path& directory);

}  // namespace actrec
