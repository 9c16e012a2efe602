#include "core/process_layout.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/error.h"

namespace actrec {
namespace {

ProcessLayout layout_of(const std::map<std::string, std::string>& variables) {
  return process_layout([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string error_of(const std::map<std::string, std::string>& variables) {
  try {
    layout_of(variables);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ProcessLayout, WithoutADescriptionAProcessIsAlone) {
  EXPECT_EQ(layout_of({}).size, 1);
  EXPECT_EQ(layout_of({}).local_size, 1);
  EXPECT_EQ(layout_of({{"WORLD_SIZE", "1"}}).size, 1);
  // The shell of a SLURM job, before srun starts anything.
  EXPECT_EQ(layout_of({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}}).size, 1);
}

TEST(ProcessLayout, ReadsWhatTorchrunSets) {
  const ProcessLayout layout = layout_of({{"MASTER_ADDR", "node7"},
                                          {"MASTER_PORT", "1234"},
                                          {"WORLD_SIZE", "8"},
                                          {"RANK", "5"},
                                          {"LOCAL_RANK", "1"},
                                          {"LOCAL_WORLD_SIZE", "4"},
                                          {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                          {"TORCHELASTIC_RESTART_COUNT", "2"}});
  EXPECT_EQ(layout.address, "node7");
  EXPECT_EQ(layout.port, 1234);
  EXPECT_EQ(layout.size, 8);
  EXPECT_EQ(layout.rank, 5);
  EXPECT_EQ(layout.local_rank, 1);
  EXPECT_EQ(layout.local_size, 4);
  EXPECT_TRUE(layout.launcher_keeps_store);
  EXPECT_EQ(layout.attempt, "2");
}

TEST(ProcessLayout, TakesRanksFromSlurmAndOpenMpi) {
  const ProcessLayout slurm = layout_of({{"MASTER_ADDR", "a"},
                                         {"SLURM_NTASKS", "6"},
                                         {"SLURM_PROCID", "4"},
                                         {"SLURM_LOCALID", "1"},
                                         {"SLURM_NTASKS_PER_NODE", "3"}});
  EXPECT_EQ(slurm.size, 6);
  EXPECT_EQ(slurm.rank, 4);
  EXPECT_EQ(slurm.local_rank, 1);
  EXPECT_EQ(slurm.local_size, 3);
  EXPECT_FALSE(slurm.launcher_keeps_store);
  const ProcessLayout mpi = layout_of({{"MASTER_ADDR", "a"},
                                       {"OMPI_COMM_WORLD_SIZE", "2"},
                                       {"OMPI_COMM_WORLD_RANK", "1"},
                                       {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                       {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  EXPECT_EQ(mpi.size, 2);
  EXPECT_EQ(mpi.rank, 1);
  EXPECT_EQ(mpi.local_size, 2);
}

TEST(ProcessLayout, NamesWhatIsMissingOrOutOfRange) {
  EXPECT_NE(error_of({{"MASTER_ADDR", "a"}}).find("WORLD_SIZE is not set"), std::string::npos);
  EXPECT_NE(error_of({{"WORLD_SIZE", "2"}, {"RANK", "0"}}).find("MASTER_ADDR is not set"), std::string::npos);
  EXPECT_NE(error_of({{"MASTER_ADDR", "a"}, {"WORLD_SIZE", "2"}}).find("RANK is not set"), std::string::npos);
  EXPECT_EQ(error_of({{"MASTER_ADDR", "a"}, {"WORLD_SIZE", "2"}, {"RANK", "2"}}),
            "the environment variable RANK=2 is not a number from 0 to 1");
  EXPECT_EQ(error_of({{"MASTER_ADDR", "a"}, {"WORLD_SIZE", "two"}}),
            "the environment variable WORLD_SIZE=two is not a number from 1 to 65536");
  EXPECT_EQ(error_of({{"MASTER_ADDR", "a"}, {"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_PORT", "70000"}}),
            "the environment variable MASTER_PORT=70000 is not a number from 1 to 65535");
}

}  // namespace
}  // namespace actrec
