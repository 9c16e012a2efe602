#pragma once

#include <functional>
#include <string>

namespace actrec {

// Where this process stands among those that train one model together.
struct ProcessLayout {
  int rank = 0;        // of this process, from 0; rank 0 leads
  int size = 1;        // processes in all; 1: nobody else
  int local_rank = 0;  // of this process among those on its machine, from 0
  int local_size = 1;
  std::string address;  // of the machine of rank 0
  int port = 29500;     // there, where the processes meet
  // The processes meet at a store that the launcher keeps (torchrun), under a name that begins with
  // `attempt`.
  bool launcher_keeps_store = false;
  std::string attempt;
};

// The layout that the environment describes as torchrun does (MASTER_ADDR, MASTER_PORT, WORLD_SIZE, RANK,
// LOCAL_RANK, LOCAL_WORLD_SIZE). With MASTER_ADDR set, what else is missing is taken from SLURM's or Open
// MPI's own variables; without it and WORLD_SIZE, a process is alone. Throws ConfigError naming the variable
// that is missing or out of range.
ProcessLayout process_layout();

// The same with another environment, which gives null for a variable that is not set.
using Environment = std::function<const char*(const char* name)>;
ProcessLayout process_layout(const Environment& environment);

}  // namespace actrec
