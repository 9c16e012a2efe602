#include "core/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "core/error.h"
#include "core/file_ops.h"

namespace actrec {

AtomicFile::AtomicFile(std::filesystem::path target, Durability durability)
    : target_(std::move(target)), durability_(durability) {
  static std::atomic<unsigned> number{0};
  temporary_ = target_;
  temporary_ += fmt::format(".{}-{}{}", ::getpid(), number++, kTemporarySuffix);
  descriptor_ = file_ops().open(temporary_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("create");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  file_ops().close(descriptor_);
  file_ops().unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* action) const {
  const int reason = errno;
  throw Error(
      fmt::format("cannot {} {}: {}", action, target_.string(), std::generic_category().message(reason)),
      reason == ENOSPC ? "free some disk space or choose another directory"
                       : "check that the directory exists and may be written to");
}

void AtomicFile::write(const void* bytes, std::size_t size) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = file_ops().write(descriptor_, next, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write");
    }
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (durability_ == Durability::synced && file_ops().fsync(descriptor_) != 0) fail("write");
  const int closed = file_ops().close(descriptor_);
  descriptor_ = -1;
  if (closed != 0 || file_ops().rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int reason = errno;
    file_ops().unlink(temporary_.c_str());
    errno = reason;
    fail("publish");
  }
  if (durability_ == Durability::synced) sync_directory();
}

// The rename itself survives a power cut only once the directory is on disk. File systems that cannot do that
// say EINVAL.
void AtomicFile::sync_directory() const {
  const std::filesystem::path parent = target_.has_parent_path() ? target_.parent_path() : ".";
  const int directory = file_ops().open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory < 0 && errno == EACCES) return;  // may be written to, but not read
  if (directory < 0) fail("publish");
  const int synced = file_ops().fsync(directory);
  const int reason = errno;
  file_ops().close(directory);
  errno = reason;
  if (synced != 0 && reason != EINVAL) fail("publish");
}

void write_file_atomically(const std::filesystem::path& target, std::string_view content) {
  AtomicFile file(target);
  file.write(content.data(), content.size());
  file.commit();
}

void create_writable_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure) {
    throw Error(fmt::format("cannot create the directory {}: {}", directory.string(), failure.message()),
                "choose another directory");
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    throw Error(
        fmt::format("cannot write to {}: {}", directory.string(), std::generic_category().message(errno)),
        "choose another directory");
  }
}

}  // namespace actrec
