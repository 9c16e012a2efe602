#include "core/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/error.h"

namespace actrec {
namespace {

constexpr int kTaken = -1;

// The descriptor that holds the lock, or kTaken.
int open_and_lock(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    throw Error(fmt::format("cannot open {}: {}", directory.string(), std::generic_category().message(errno)),
                "check its permissions");
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return descriptor;
  ::close(descriptor);
  return kTaken;
}

}  // namespace

DirectoryLock::DirectoryLock(const std::filesystem::path& directory) : descriptor_(open_and_lock(directory)) {
  if (descriptor_ != kTaken) return;
  throw ConfigError(fmt::format("{} is in use by another run", directory.string()),
                    "choose another directory");
}

std::unique_ptr<DirectoryLock> DirectoryLock::try_lock(const std::filesystem::path& directory) {
  const int descriptor = open_and_lock(directory);
  return descriptor == kTaken ? nullptr : std::unique_ptr<DirectoryLock>(new DirectoryLock(descriptor));
}

DirectoryLock::~DirectoryLock() { ::close(descriptor_); }

}  // namespace actrec
