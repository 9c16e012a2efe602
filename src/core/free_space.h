#pragma once

#include <filesystem>

namespace actrec {

// Memory in bytes that this process may still take, besides what it has: what the system has available, but
// no more than its container (cgroup) gives; 0 where the system does not say.
double available_memory_bytes();

// Resident memory of this process now, in bytes.
double resident_bytes();

// Bytes that may still be written where `path`, or the nearest of its parents that exists, lies; 0 where the
// system does not say.
double free_disk_bytes(std::filesystem::path path);

}  // namespace actrec
