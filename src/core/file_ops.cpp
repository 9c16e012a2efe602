#include "core/file_ops.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace actrec {
namespace {

int open_file(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }

const FileOps* in_use = &kSystemFileOps;

}  // namespace

const FileOps kSystemFileOps{open_file, ::write, ::fsync, ::close, ::rename, ::unlink};

const FileOps& file_ops() noexcept { return *in_use; }

void use_file_ops(const FileOps& ops) noexcept { in_use = &ops; }

}  // namespace actrec
