#include <ATen/Version.h>
#include <fmt/format.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "core/cuda_driver.h"
#include "core/free_space.h"
#include "core/openblas.h"
#include "core/system.h"
#include "core/text.h"
#include "core/torch_compat.h"
#include "data/cache_directory.h"
#include "data/video_codecs.h"
#include "engine/process_group.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// One thing that was looked at: a line of the text, and a value in the document.
struct Finding {
  const char* part;
  const char* key;
  Json value;
  std::string text;
  std::string problem;  // what does not work and what to do; empty: it works
};

// "AVX2", from LibTorch's own description of how it was built.
std::string cpu_kernels() {
  const std::string config = at::show_config(), label = "CPU capability usage: ";
  const std::size_t begin = config.find(label);
  if (begin == std::string::npos) return "not known";
  const std::size_t end = config.find('\n', begin);
  return config.substr(begin + label.size(), end - begin - label.size());
}

std::string blas() {
  const std::string kernels = openblas_kernels();
  const std::string name = at::hasMKL()      ? "MKL"
                           : kernels.empty() ? "the system's BLAS"
                                             : fmt::format("OpenBLAS ({} kernels)", kernels);
  return at::hasMKL() || !at::hasMKLDNN() ? name : name + ", oneDNN";
}

// Why LibTorch does or does not use CUDA.
Finding cuda() {
  const CudaDriver driver = query_cuda_driver();
  const bool built = at::globalContext().hasCUDART(), works = built && torch::cuda::is_available();
  Finding finding{"cuda", "available", works, "", ""};
  if (works) {
    finding.text = "used by default: " + join(driver.devices, "; ");
  } else if (!built) {
    finding.text = "not used: this LibTorch was built without CUDA";
    if (driver.problem.empty())
      finding.problem =
          "there is a device; 'scripts/setup.sh --torch pip' chooses a LibTorch that can use it";
  } else if (!driver.problem.empty()) {
    finding.text = "not used: " + driver.problem;
  } else {
    const long version = at::globalContext().versionCUDART();
    finding.text =
        fmt::format("not used: LibTorch is for CUDA {}.{} and does not work with this driver, for CUDA {}",
                    version / 1000, version % 1000 / 10, driver.version);
    finding.problem =
        "update NVIDIA's driver, or choose an earlier version with 'scripts/setup.sh --torch pip==VERSION'";
  }
  return finding;
}

Finding cache() {
  const fs::path directory = cache_directory({});
  if (directory.empty())
    return {"cache", "directory", nullptr, "none", "set HOME, or data.cache_dir, so that frames can be kept"};
  fs::path parent = directory;
  while (!fs::exists(parent) && parent.has_parent_path() && parent != parent.parent_path())
    parent = parent.parent_path();
  const bool writable = access(parent.c_str(), W_OK) == 0;
  return {"cache", "directory", directory.string(),
          fmt::format("{}, {:.1f} GB of it used, {:.1f} GB free", directory.string(),
                      static_cast<double>(bytes_in_cache(directory)) / 1e9, free_disk_bytes(directory) / 1e9),
          writable ? "" : fmt::format("{} may not be written to; set data.cache_dir", parent.string())};
}

std::vector<Finding> examine() {
  const VideoCodecs codecs = query_video_codecs();
  const std::vector<std::string> features = processor_features();
  const int cores = available_cores();
  const double memory = total_memory_bytes();
  std::vector<Finding> findings;
  const auto add = [&](const char* part, const char* key, Json value, std::string text,
                       std::string problem = "") {
    findings.push_back({part, key, std::move(value), std::move(text), std::move(problem)});
  };
  add("actrec", "version", ACTREC_VERSION, ACTREC_VERSION);
  add("libtorch", "version", torch_version(), torch_version());
  add("libtorch", "cpu_kernels", cpu_kernels(), cpu_kernels());
  add("libtorch", "blas", blas(), blas());
  findings.push_back(cuda());
  add("processes", "gloo", true, "over Gloo");
  add("processes", "nccl", ProcessGroup::kHasNccl,
      ProcessGroup::kHasNccl ? "over NCCL, on CUDA devices"
                             : "not over NCCL: it was not there when actrec was built");
  add("processor", "name", processor_name(), processor_name());
  add("processor", "features", features, features.empty() ? "none that matter" : join(features, ", "));
  add("processor", "cores", cores, fmt::format("{} for this process", cores));
  add("memory", "bytes", memory, fmt::format("{:.1f} GB", memory / 1e9));
  add("video", "ffmpeg", codecs.ffmpeg, codecs.ffmpeg);
  add("video", "opencv", codecs.opencv, codecs.opencv);
  add("video", "decoders", codecs.decoders, join(codecs.decoders, ", "),
      codecs.missing.empty()
          ? ""
          : fmt::format("videos in {} cannot be read with this FFmpeg", join(codecs.missing, ", ")));
  add("video", "encoder", codecs.encoder, codecs.encoder.empty() ? "none" : codecs.encoder,
      codecs.encoder == "libx264" ? ""
                                  : "annotated videos may not play in browsers: this FFmpeg has no libx264");
  findings.push_back(cache());
  return findings;
}

Json as_json(const std::vector<Finding>& findings) {
  Json document = Json::object();
  for (const Finding& finding : findings) document[finding.part][finding.key] = finding.value;
  Json problems = Json::array();
  for (const Finding& finding : findings) {
    if (!finding.problem.empty()) problems.push_back(finding.problem);
    if (std::string(finding.part) == "cuda") document["cuda"]["why"] = finding.text;
  }
  document["problems"] = problems;
  return document;
}

void print_text(const std::vector<Finding>& findings) {
  std::string part;
  for (const Finding& finding : findings) {
    fmt::print("{:<10} {:<12} {}\n", part == finding.part ? "" : finding.part, finding.key, finding.text);
    if (!finding.problem.empty()) fmt::print("{:<10} {:<12} problem: {}\n", "", "", finding.problem);
    part = finding.part;
  }
  const auto problems = std::count_if(findings.begin(), findings.end(),
                                      [](const Finding& finding) { return !finding.problem.empty(); });
  fmt::print("\n{}\n", problems == 0 ? "everything works" : format_count(problems, "problem"));
}

}  // namespace

Action declare_doctor(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "print one JSON document");
  return [=] {
    const std::vector<Finding> findings = examine();
    if (*json) {
      fmt::print("{}\n", as_json(findings).dump(2));
    } else {
      print_text(findings);
    }
    return ExitCode::ok;
  };
}

}  // namespace actrec
