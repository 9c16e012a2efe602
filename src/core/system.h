#pragma once

#include <filesystem>
#include <string>

namespace actrec {

// Cores this process may run on (the affinity mask, so containers and taskset count), at least 1.
int available_cores();

// Memory of this machine, in bytes.
double total_memory_bytes();

// Largest resident memory of this process so far, in MiB.
double peak_rss_mb();

// Where actrec keeps what it can make again: $XDG_CACHE_HOME/actrec or ~/.cache/actrec; empty where neither
// variable is set.
std::filesystem::path user_cache_directory();

// The processor's name, such as "AMD EPYC 7763 64-Core Processor"; empty where the system does not say.
std::string processor_name();

// Lets every thread at normal priority go first (Linux nice 10, for the calling thread only). Decoding
// runs ahead of the training step, so it should fill the cores' idle time and never hold the step up.
void lower_thread_priority();

}  // namespace actrec
