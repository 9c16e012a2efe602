#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace actrec {

// Cores this process may keep busy, at least 1: those of its affinity mask (taskset, cpusets), but no more
// than the CPU quota of its container gives.
int available_cores();

// Memory of this machine, in bytes.
double total_memory_bytes();

// A cgroup's CPU quota in cores, rounded up, from the text of its cpu.max: the microseconds of CPU time in
// each period, and the period ("150000 100000" is 2). Nothing where there is no quota ("max", in cgroup v1
// -1), and for other text.
std::optional<int> quota_cores(const std::string& cpu_max);

// Largest resident memory of this process so far, in MiB.
double peak_rss_mb();

// Where actrec keeps what it can make again: $XDG_CACHE_HOME/actrec or ~/.cache/actrec; empty where neither
// variable is set.
std::filesystem::path user_cache_directory();

// The processor's name, such as "AMD EPYC 7763 64-Core Processor"; empty where the system does not say.
std::string processor_name();

// What it can do that matters for networks: "avx2", "avx512f", "avx512_bf16", "amx_bf16"; those that it has.
std::vector<std::string> processor_features();

// Lets every thread at normal priority go first (Linux nice 10, for the calling thread only). Decoding
// runs ahead of the training step, so it should fill the cores' idle time and never hold the step up.
void lower_thread_priority();

}  // namespace actrec
