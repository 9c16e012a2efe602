#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace actrec {

// Whether a published file must survive a power cut. `unsynced` is for files with checksums that can be made
// again: after a power cut they may be there with the wrong content.
enum class Durability { synced, unsynced };

// A file that appears under its name complete or not at all: written beside the target under a
// temporary name that ends in kTemporarySuffix, fsync'd, renamed over it, and the directory fsync'd.
// Destroyed without commit(), it removes the temporary file and leaves an earlier target untouched. Every
// failure (disk full, read-only, no permission) throws Error with the path and the system's reason. Not for
// sharing between threads; several threads and processes may publish the same target, and the last one wins.
class AtomicFile {
 public:
  static constexpr std::string_view kTemporarySuffix = ".tmp";

  explicit AtomicFile(std::filesystem::path target, Durability durability = Durability::synced);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, std::size_t size);
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;
  void sync_directory() const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  Durability durability_;
  int descriptor_ = -1;
};

void write_file_atomically(const std::filesystem::path& target, std::string_view content);

// Creates the directory and its parents, and checks that a file can be made in it. Throws Error
// naming the path and the reason.
void create_writable_directory(const std::filesystem::path& directory);

}  // namespace actrec
