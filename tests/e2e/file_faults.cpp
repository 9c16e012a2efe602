// A library that goes before the C library (LD_PRELOAD) and lets operations on files fail, so that tests see
// what the real program does on a disk that is full or broken, and with a clock that jumps.
//
//     ACTREC_FAULT_PATH      only files under this directory, opened for writing, count
//     ACTREC_FAULT           ERROR:N, such as ENOSPC:17: the N-th operation fails; ERROR:N+: all from there
//     on ACTREC_FAULT_LOG       gets a line for each operation that counts ACTREC_CLOCK_JUMPS     where set,
//     the time of day is a day ahead in every other reading

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

template <typename Function>
Function next(Function, const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}
#define NEXT(function) static const auto real = next(&::function, #function)

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

struct Plan {
  std::string path = variable("ACTREC_FAULT_PATH");
  int error = 0;
  long at = 0;
  bool onwards = false;
  int log = -1;

  Plan() {
    const std::string fault = variable("ACTREC_FAULT");
    if (!fault.empty()) {
      error = fault.rfind("EIO", 0) == 0 ? EIO : ENOSPC;
      at = std::atol(fault.c_str() + fault.find(':') + 1);
      onwards = fault.back() == '+';
    }
    const std::string file = variable("ACTREC_FAULT_LOG");
    if (file.empty()) return;
    static const auto real = reinterpret_cast<int (*)(const char*, int, ...)>(::dlsym(RTLD_NEXT, "open"));
    log = real(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  }
  bool covers(const char* file) const {
    return !path.empty() && std::strncmp(file, path.c_str(), path.size()) == 0;
  }
};

const Plan& plan() {
  static const Plan made;
  return made;
}

std::array<std::atomic<bool>, 4096> is_covered;  // by descriptor

bool covered(int descriptor) {
  return descriptor >= 0 && descriptor < static_cast<int>(is_covered.size()) &&
         is_covered[static_cast<std::size_t>(descriptor)];
}
void set_covered(int descriptor, bool yes) {
  if (descriptor >= 0 && descriptor < static_cast<int>(is_covered.size()))
    is_covered[static_cast<std::size_t>(descriptor)] = yes;
}

// Counts an operation; true where it must fail, with errno set.
bool fails(const char* operation, const char* file) {
  static std::atomic<long> count{0};
  const long number = ++count;
  if (plan().log >= 0) {
    const std::string line = std::string(operation) + " " + file + "\n";
    NEXT(write);
    if (real(plan().log, line.data(), line.size()) < 0) std::abort();
  }
  const bool failing = plan().at > 0 && (number == plan().at || (plan().onwards && number > plan().at));
  if (failing) errno = plan().error;
  return failing;
}
bool fails(const char* operation, int descriptor) {
  return covered(descriptor) && fails(operation, std::to_string(descriptor).c_str());
}

bool for_writing(const char* mode) { return std::strpbrk(mode, "wa+") != nullptr; }

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

// On 64-bit systems, the names that end in 64 mean the same functions.
int open(const char* path, int flags, ...) {
  NEXT(open);
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  const bool counts = plan().covers(path);
  if (counts && fails("open", path)) return -1;
  const int descriptor = real(path, flags, mode);
  set_covered(descriptor, counts);
  return descriptor;
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));

FILE* fopen(const char* path, const char* mode) {
  NEXT(fopen);
  const bool counts = for_writing(mode) && plan().covers(path);
  if (counts && fails("open", path)) return nullptr;
  FILE* file = real(path, mode);
  if (file != nullptr) set_covered(::fileno(file), counts);
  return file;
}
FILE* fopen64(const char* path, const char* mode) __attribute__((alias("fopen")));

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  NEXT(write);
  return fails("write", descriptor) ? -1 : real(descriptor, bytes, size);
}
ssize_t writev(int descriptor, const iovec* parts, int count) {
  NEXT(writev);
  return fails("write", descriptor) ? -1 : real(descriptor, parts, count);
}
std::size_t fwrite(const void* bytes, std::size_t size, std::size_t count, FILE* file) {
  NEXT(fwrite);
  return fails("write", ::fileno(file)) ? 0 : real(bytes, size, count, file);
}
int fsync(int descriptor) {
  NEXT(fsync);
  return fails("fsync", descriptor) ? -1 : real(descriptor);
}
int close(int descriptor) {
  NEXT(close);
  const bool failing = fails("close", descriptor);
  set_covered(descriptor, false);
  const int error = errno, closed = real(descriptor);  // a close that fails closes all the same
  if (!failing) return closed;
  errno = error;
  return -1;
}
int rename(const char* from, const char* to) {
  NEXT(rename);
  return plan().covers(to) && fails("rename", to) ? -1 : real(from, to);
}
int mkdir(const char* path, mode_t mode) {
  NEXT(mkdir);
  return plan().covers(path) && fails("mkdir", path) ? -1 : real(path, mode);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  NEXT(clock_gettime);
  const int result = real(clock, time);
  static const bool jumps = std::getenv("ACTREC_CLOCK_JUMPS") != nullptr;
  static std::atomic<unsigned> readings{0};
  if (jumps && clock == CLOCK_REALTIME && ++readings % 2 == 0) time->tv_sec += 24 * 60 * 60;
  return result;
}

}  // extern "C"
