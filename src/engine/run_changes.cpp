#include "engine/run_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "config/describe.h"
#include "core/system.h"
#include "core/text.h"
#include "core/torch_compat.h"
#include "data/frame_folder.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr std::array kMachineSettings{"device",
                                      "threads",
                                      "data.workers",
                                      "data.prefetch_mb",
                                      "data.timeout_seconds",
                                      "data.cache_gb",
                                      "data.cache_dir",
                                      "augment.on_device",
                                      "train.memory_format",
                                      "train.checkpoint_minutes"};
// The clips themselves are compared one by one.
constexpr std::array kPlaceOfData{"data.path", "data.videos"};

template <typename Keys>
bool is_about(const std::string& line, const Keys& keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const char* key) { return line.rfind(fmt::format("{}: ", key), 0) == 0; });
}

std::int64_t size_of(const fs::path& clip) {
  std::error_code error;
  if (fs::is_directory(clip, error)) return static_cast<std::int64_t>(numbered_frames(clip).size());
  const std::uintmax_t size = fs::file_size(clip, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

// What is said of each clip, by its name, which comes last and may hold anything but the end of a line.
std::map<std::string, std::string> by_name(const std::string& listing) {
  std::map<std::string, std::string> clips;
  for (const std::string& line : split(listing, '\n')) {
    std::size_t name = 0;
    for (int column = 0; column < 3 && name != std::string::npos; ++column) name = line.find('\t', name + 1);
    if (name == std::string::npos) continue;
    std::string what = line.substr(0, name);
    std::replace(what.begin(), what.end(), '\t', ' ');
    clips[line.substr(name + 1)] = what;
  }
  return clips;
}

}  // namespace

std::vector<std::string> changed_settings(const Settings& before, const Settings& after) {
  std::vector<std::string> lines = diff_settings(before, after);
  lines.erase(std::remove_if(lines.begin(), lines.end(),
                             [](const std::string& line) { return is_about(line, kMachineSettings); }),
              lines.end());
  return lines;
}

ResumeChanges resume_changes(const Settings& before, const Settings& after) {
  ResumeChanges changes;
  for (const std::string& line : diff_settings(before, after)) {
    const bool more_epochs =
        is_about(line, std::array{"train.epochs"}) && after.train.epochs > before.train.epochs;
    const bool safe = more_epochs || is_about(line, kMachineSettings) || is_about(line, kPlaceOfData);
    (safe ? changes.safe : changes.unsafe).push_back(line);
  }
  return changes;
}

void compare_clips_of_steps(int batch_size_before, int processes_before, int batch_size, int processes,
                            ResumeChanges& changes) {
  const auto is_batch_size = [](const std::string& line) {
    return is_about(line, std::array{"train.batch_size"});
  };
  if (processes == processes_before) return;
  const int before = batch_size_before * processes_before;
  const auto line = std::find_if(changes.unsafe.begin(), changes.unsafe.end(), is_batch_size);
  if (batch_size * processes == before) {
    if (line == changes.unsafe.end()) return;
    changes.safe.push_back(*line);
    changes.unsafe.erase(line);
    return;
  }
  if (line != changes.unsafe.end()) changes.unsafe.erase(line);
  changes.unsafe.push_back(fmt::format(
      "clips of a step: {} ({} in each of {} processes) -> {} ({} in each of {}){}", before,
      batch_size_before, processes_before, batch_size * processes, batch_size, processes,
      before % processes == 0
          ? fmt::format(", which --set train.batch_size={} keeps as they were", before / processes)
          : ""));
}

int processes_of(const std::map<std::string, std::string>& machine) {
  const auto found = machine.find("processes");
  return found == machine.end() ? 1 : std::stoi(found->second);
}

std::map<std::string, std::string> describe_machine(const Settings& settings, const torch::Device& device,
                                                    int processes) {
  const int threads = settings.threads > 0 ? settings.threads : available_cores();
  return {{"actrec", ACTREC_VERSION},
          {"LibTorch", torch_version()},
          {"kind of device", device.is_cuda() ? "cuda" : "cpu"},
          {"processor", processor_name()},
          {"processes", std::to_string(processes)},
          {"threads of LibTorch", std::to_string(threads)}};
}

std::vector<std::string> changed_machine(const std::map<std::string, std::string>& before,
                                         const std::map<std::string, std::string>& after) {
  std::vector<std::string> lines;
  for (const auto& [what, now] : after) {
    const auto then = before.find(what);
    if (then == before.end() || then->second == now) continue;
    lines.push_back(fmt::format("{}: {} -> {}", what, then->second, now));
  }
  return lines;
}

std::string list_clips(const DataSplits& splits) {
  std::string listing;
  for (const char* name : {"train", "val", "test"}) {
    for (const ClipRef& clip : splits.split(name)) {
      const std::string& label = splits.classes.at(static_cast<std::size_t>(clip.label));
      listing += fmt::format("{}\t{}\t{}\t{}\n", name, label, size_of(clip.path), clip.name);
    }
  }
  return listing;
}

std::vector<std::string> changed_clips(const std::string& before, const std::string& after,
                                       std::size_t longest) {
  if (before == after) return {};
  const auto old_clips = by_name(before), new_clips = by_name(after);
  std::vector<std::string> lines;
  for (const auto& [name, what] : old_clips) {
    const auto now = new_clips.find(name);
    if (now == new_clips.end()) {
      lines.push_back(fmt::format("{} is gone", name));
    } else if (now->second != what) {
      lines.push_back(fmt::format("{}: {} -> {}", name, what, now->second));
    }
  }
  for (const auto& [name, what] : new_clips) {
    if (old_clips.count(name) == 0) lines.push_back(fmt::format("{} is new", name));
  }
  // The same clips in another order would be trained on in another order.
  if (lines.empty()) lines.push_back("the clips are listed in another order");
  if (lines.size() > longest) {
    const std::size_t more = lines.size() - longest;
    lines.resize(longest);
    lines.push_back(fmt::format("and {} more", more));
  }
  return lines;
}

}  // namespace actrec
