#include "models/state.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

constexpr std::size_t kProblemsShown = 20;

std::string shape_text(const torch::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes().vec(), ", "));
}

bool is_batch_counter(const std::string& name) {
  static const std::string kSuffix = "num_batches_tracked";
  return name.size() >= kSuffix.size() &&
         name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

bool dtype_fits(const torch::Tensor& given, const torch::Tensor& wanted, StateMatch match) {
  return given.scalar_type() == wanted.scalar_type() ||
         (match == StateMatch::weights && given.is_floating_point() && wanted.is_floating_point());
}

// What is wrong with `given` in the place of `wanted`; empty where it fits.
std::string problem_of(const std::string& name, const torch::Tensor& given, const torch::Tensor& wanted,
                       StateMatch match) {
  if (given.sizes() != wanted.sizes()) {
    return fmt::format("{} is {} instead of {}", name, shape_text(given), shape_text(wanted));
  }
  if (!dtype_fits(given, wanted, match)) return fmt::format("{} has the wrong dtype", name);
  if (match == StateMatch::weights && wanted.is_floating_point() &&
      !torch::isfinite(given.to(wanted.scalar_type())).all().item<bool>()) {
    return fmt::format("{} has values that are not finite", name);
  }
  return "";
}

std::vector<std::string> find_problems(const torch::OrderedDict<std::string, torch::Tensor>& state,
                                       const NamedTensors& tensors, StateMatch match) {
  std::vector<std::string> problems;
  for (const auto& wanted : state) {
    const auto given = tensors.find(wanted.key());
    if (given != tensors.end()) {
      const std::string problem = problem_of(wanted.key(), given->second, wanted.value(), match);
      if (!problem.empty()) problems.push_back(problem);
    } else if (match == StateMatch::exact || !is_batch_counter(wanted.key())) {
      problems.push_back(fmt::format("{} is missing", wanted.key()));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!state.contains(name)) problems.push_back(fmt::format("{} does not belong to the model", name));
  }
  return problems;
}

}  // namespace

torch::OrderedDict<std::string, torch::Tensor> state_of(const torch::nn::Module& module) {
  torch::OrderedDict<std::string, torch::Tensor> state = module.named_parameters();
  state.update(module.named_buffers());
  return state;
}

NamedTensors without_prefix(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors found;
  for (const auto& [name, tensor] : tensors) {
    if (name.rfind(prefix, 0) == 0) found.emplace(name.substr(prefix.size()), tensor);
  }
  return found;
}

void load_state(torch::nn::Module& module, const NamedTensors& tensors, const std::filesystem::path& path,
                StateMatch match, const std::string& hint) {
  torch::NoGradGuard no_grad;
  auto state = state_of(module);
  std::vector<std::string> problems = find_problems(state, tensors, match);
  if (!problems.empty()) {
    if (problems.size() > kProblemsShown) {
      const std::size_t more = problems.size() - kProblemsShown;
      problems.resize(kProblemsShown);
      problems.push_back(fmt::format("and {} more", more));
    }
    throw CheckpointError(
        fmt::format("{}: the tensors do not fit the model: {}", path.string(), join(problems, "; ")), hint);
  }
  for (auto& wanted : state) {
    const auto given = tensors.find(wanted.key());
    if (given != tensors.end()) wanted.value().copy_(given->second);
  }
}

}  // namespace actrec
