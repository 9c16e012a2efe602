#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace actrec {

// Where the cache is: data.cache_dir, else actrec/frames in $XDG_CACHE_HOME or ~/.cache; empty where neither
// variable is set.
std::filesystem::path cache_directory(const DataSettings& settings);

// What the files of the cache there take on disk; 0 where there is none.
std::uint64_t bytes_in_cache(const std::filesystem::path& directory);

// Why something cannot be stored, which is no error: it is computed each time.
struct NotStored {
  std::string reason;
};

// A directory of files that can be made again, and the room that they may take: frames of clips (.frames) and
// features of frames (.features). A file's name is a hash of what it holds and a hash of the content it was
// made from, so a file is right or it is not found, and runs may share the directory.
//
// When the limit is reached, files that nobody has used since this process started are removed, those unused
// longest first. Safe to call from many threads at once.
class CacheDirectory {
 public:
  // Creates the directory and removes what killed processes left half-written. Throws Error when that fails.
  CacheDirectory(std::filesystem::path directory, std::uint64_t limit_bytes);

  const std::filesystem::path& path() const { return directory_; }
  // The file for what the text `what` describes, made from a content. `kind` is frames or features.
  std::filesystem::path file(std::string_view what, std::uint64_t content, std::string_view kind) const;
  // Notes that a file has been used.
  void touch(const std::filesystem::path& file) const;
  // Makes room for a file of so many bytes that is about to be added. Throws NotStored where the limit
  // leaves none.
  void make_room(std::uint64_t bytes);
  // Notes that a file has been added, and removes what was made from other contents for the same use.
  void added(const std::filesystem::path& file, std::uint64_t bytes);

 private:
  std::filesystem::path directory_;
  std::uint64_t limit_bytes_;
  std::filesystem::file_time_type start_;
  std::mutex mutex_;
  std::uint64_t total_bytes_ = 0;  // in the directory, as far as this process knows
};

}  // namespace actrec
