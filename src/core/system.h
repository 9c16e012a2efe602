#pragma once

#include <optional>
#include <string>

namespace actrec {

// Cores this process may keep busy, at least 1: those of its affinity mask (taskset, cpusets), but no more
// than the CPU quota of its container gives.
int available_cores();

// A cgroup's CPU quota in cores, rounded up, from the text of its cpu.max: the microseconds of CPU time in
// each period, and the period ("150000 100000" is 2). Nothing where there is no quota ("max", in cgroup v1
// -1), and for other text.
std::optional<int> quota_cores(const std::string& cpu_max);

// Largest resident memory of this process so far, in MiB.
double peak_rss_mb();

// Lets every thread at normal priority go first (Linux nice 10, for the calling thread only). Decoding
// runs ahead of the training step, so it should fill the cores' idle time and never hold the step up.
void lower_thread_priority();

}  // namespace actrec
