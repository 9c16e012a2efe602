#pragma once

#include <memory>
#include <string>

#include "config/settings.h"
#include "data/splits.h"
#include "engine/process_group.h"

// Several processes that train, evaluate or fill the cache together, as torchrun, SLURM, mpirun or
// scripts/launch.sh start them.

namespace actrec {

// Joins the processes that the environment describes; alone where it describes none. From then on, only rank
// 0 logs more than warnings. The timeout is a little longer than a process may take for a clip.
std::unique_ptr<ProcessGroup> join_processes(const Settings& settings);

// Throws ConfigError where a process was started with other settings or other clips than rank 0.
void require_same_start(ProcessGroup& group, const Settings& settings, const DataSplits& splits);

// Throws ConfigError where the environment describes several processes: `what`, an option, is for one.
void require_one_process(const std::string& what);

}  // namespace actrec
