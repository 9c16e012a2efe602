#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "config/settings.h"
#include "data/splits.h"

// What has changed since a run began: settings, data set, machine. Each difference is a line for people.

namespace actrec {

// A line "key: before -> after" for each setting that differs, but for those that may differ between the
// machines that share a cross-validation (device, threads, loading, place of the cache, memory format)
// without changing more than rounding.
std::vector<std::string> changed_settings(const Settings& before, const Settings& after);

// The settings that differ, and which of these lines a run may go on with: those of the machine, a data set
// that has moved, and more epochs.
struct ResumeChanges {
  std::vector<std::string> safe, unsafe;
};
ResumeChanges resume_changes(const Settings& before, const Settings& after);

// A run may go on with another number of processes if its steps keep their clips, train.batch_size in each
// process: moves the batch size to the safe changes where they do, and says how they can where they do not.
void compare_clips_of_steps(int batch_size_before, int processes_before, int batch_size, int processes,
                            ResumeChanges& changes);

// What the bits of results depend on besides settings and data: the version of actrec and of LibTorch, the
// kind of device, the processor, the number of processes, and the threads that LibTorch computes with.
std::map<std::string, std::string> describe_machine(const Settings& settings, const torch::Device& device,
                                                    int processes);
int processes_of(const std::map<std::string, std::string>& machine);
std::vector<std::string> changed_machine(const std::map<std::string, std::string>& before,
                                         const std::map<std::string, std::string>& after);

// The data set as text, a line a clip: split, class, size and name. The size is in bytes, of a folder of
// frames the number of its images, of a clip that is not there 0.
std::string list_clips(const DataSplits& splits);
// A line for each clip that differs, at most `longest` of them.
std::vector<std::string> changed_clips(const std::string& before, const std::string& after,
                                       std::size_t longest = 10);

}  // namespace actrec
