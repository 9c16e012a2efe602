#include "engine/optimizer.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "core/torch_compat.h"
#include "engine/adamw.h"

namespace actrec {
namespace {

using torch::optim::OptimizerParamGroup;

// The order of the groups.
enum Group : std::size_t { kEncoderDecayed, kEncoderPlain, kDecayed, kPlain, kGroups };

template <typename Options>
std::vector<OptimizerParamGroup> parameter_groups(const torch::nn::Module& model, const Options& options,
                                                  double weight_decay) {
  std::array<std::vector<torch::Tensor>, kGroups> members;
  for (const auto& parameter : model.named_parameters()) {
    const bool encoder = parameter.key().rfind("encoder.", 0) == 0;
    const bool decayed = parameter.value().dim() >= 2;
    members[encoder ? (decayed ? kEncoderDecayed : kEncoderPlain) : (decayed ? kDecayed : kPlain)].push_back(
        parameter.value());
  }
  std::vector<OptimizerParamGroup> groups;
  for (std::size_t i = 0; i < kGroups; ++i) {
    Options own = options;
    if (i == kEncoderDecayed || i == kDecayed) own.weight_decay(weight_decay);
    groups.emplace_back(members[i], std::make_unique<Options>(own));
  }
  return groups;
}

constexpr const char* kMean = ".exp_avg";
constexpr const char* kSquares = ".exp_avg_sq";
constexpr const char* kStep = ".step";
constexpr const char* kMomentum = ".momentum_buffer";

// Tensors of a file, taken one by one.
class StateReader {
 public:
  StateReader(const NamedTensors& tensors, const std::filesystem::path& path) : left_(tensors), path_(path) {}

  bool has(const std::string& name) const { return left_.count(name) > 0; }

  // A copy that lies in memory, and on the device, as the parameter does.
  torch::Tensor take(const std::string& name, const torch::Tensor& parameter) {
    const torch::Tensor found = take(name);
    if (found.sizes() != parameter.sizes() || found.scalar_type() != parameter.scalar_type()) fail(name);
    return torch::empty_like(parameter).copy_(found);
  }
  std::int64_t take_number(const std::string& name) {
    const torch::Tensor found = take(name);
    if (found.numel() != 1 || found.scalar_type() != torch::kInt64) fail(name);
    return found.item<std::int64_t>();
  }
  void require_empty() const {
    if (!left_.empty()) fail(left_.begin()->first);
  }

 private:
  torch::Tensor take(const std::string& name) {
    const auto found = left_.find(name);
    if (found == left_.end()) fail(name);
    const torch::Tensor tensor = found->second;
    left_.erase(found);
    return tensor;
  }
  [[noreturn]] void fail(const std::string& name) const {
    throw CheckpointError(
        fmt::format("{}: the optimiser's tensor {} does not fit the model", path_.string(), name),
        "the file is damaged, or of another run");
  }

  NamedTensors left_;
  std::filesystem::path path_;
};

template <typename State>
std::unique_ptr<State> read_adam(StateReader& reader, const std::string& name,
                                 const torch::Tensor& parameter) {
  auto state = std::make_unique<State>();
  state->exp_avg(reader.take(name + kMean, parameter));
  state->exp_avg_sq(reader.take(name + kSquares, parameter));
  state->step(reader.take_number(name + kStep));
  return state;
}

template <typename State>
void list_adam(const State& state, const std::string& name, NamedTensors& found) {
  found.emplace(name + kMean, state.exp_avg());
  found.emplace(name + kSquares, state.exp_avg_sq());
  found.emplace(name + kStep, torch::tensor(state.step(), torch::kInt64));
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const torch::nn::Module& model,
                                                        const TrainSettings& settings) {
  const OptimizerSettings& how = settings.optimizer;
  switch (how.type) {
    case OptimizerType::adamw: {
      const auto options = torch::optim::AdamWOptions(settings.learning_rate).weight_decay(0);
      return std::make_unique<AdamW>(parameter_groups(model, options, how.weight_decay), options);
    }
    case OptimizerType::adam: {
      const auto options = torch::optim::AdamOptions(settings.learning_rate);
      return std::make_unique<torch::optim::Adam>(parameter_groups(model, options, how.weight_decay),
                                                  options);
    }
    case OptimizerType::sgd: {
      const auto options = torch::optim::SGDOptions(settings.learning_rate).momentum(how.momentum);
      return std::make_unique<torch::optim::SGD>(parameter_groups(model, options, how.weight_decay), options);
    }
  }
  throw std::logic_error("unknown optimizer type");
}

void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate, double encoder_factor) {
  for (std::size_t i = 0; i < kGroups; ++i) {
    const bool encoder = i == kEncoderDecayed || i == kEncoderPlain;
    optimizer.param_groups()[i].options().set_lr(encoder ? learning_rate * encoder_factor : learning_rate);
  }
}

NamedTensors optimizer_state(torch::optim::Optimizer& optimizer, const torch::nn::Module& model) {
  NamedTensors found;
  for (const auto& parameter : model.named_parameters()) {
    const std::string& name = parameter.key();
    const auto entry = optimizer.state().find(optimizer_key(parameter.value()));
    if (entry == optimizer.state().end()) continue;
    torch::optim::OptimizerParamState* state = entry->second.get();
    if (const auto* adamw = dynamic_cast<torch::optim::AdamWParamState*>(state)) {
      list_adam(*adamw, name, found);
    } else if (const auto* adam = dynamic_cast<torch::optim::AdamParamState*>(state)) {
      list_adam(*adam, name, found);
    } else if (const auto* sgd = dynamic_cast<torch::optim::SGDParamState*>(state)) {
      found.emplace(name + kMomentum, sgd->momentum_buffer());
    }
  }
  return found;
}

void load_optimizer_state(torch::optim::Optimizer& optimizer, const torch::nn::Module& model,
                          const NamedTensors& state, const std::filesystem::path& path) {
  const bool is_sgd = dynamic_cast<torch::optim::SGD*>(&optimizer) != nullptr;
  const bool is_adamw = dynamic_cast<torch::optim::AdamW*>(&optimizer) != nullptr;
  StateReader reader(state, path);
  for (const auto& parameter : model.named_parameters()) {
    const std::string& name = parameter.key();
    if (!reader.has(name + (is_sgd ? kMomentum : kMean))) continue;  // it has not learned yet
    std::unique_ptr<torch::optim::OptimizerParamState> own;
    if (is_sgd) {
      auto sgd = std::make_unique<torch::optim::SGDParamState>();
      sgd->momentum_buffer(reader.take(name + kMomentum, parameter.value()));
      own = std::move(sgd);
    } else if (is_adamw) {
      own = read_adam<torch::optim::AdamWParamState>(reader, name, parameter.value());
    } else {
      own = read_adam<torch::optim::AdamParamState>(reader, name, parameter.value());
    }
    optimizer.state()[optimizer_key(parameter.value())] = std::move(own);
  }
  reader.require_empty();
}

}  // namespace actrec
