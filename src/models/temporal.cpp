#include "models/temporal.h"

#include <algorithm>
#include <tuple>

#include "models/lstm.h"
#include "models/pooling.h"

namespace actrec {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kLstmGates = 4;  // stacked in the weights as input, forget, cell, output
constexpr std::int64_t kGruGates = 3;   // reset, update, new

void initialize_recurrent(nn::Module& network, std::int64_t hidden, std::int64_t gates) {
  torch::NoGradGuard no_grad;
  for (auto& parameter : network.named_parameters()) {
    const std::string& name = parameter.key();
    torch::Tensor value = parameter.value();
    if (name.rfind("weight_hh", 0) == 0) {
      for (std::int64_t gate = 0; gate < gates; ++gate) {
        nn::init::orthogonal_(value.narrow(0, gate * hidden, hidden));
      }
    } else if (name.rfind("weight_ih", 0) == 0) {
      nn::init::xavier_uniform_(value);
    } else {
      value.zero_();
      // The two bias vectors of a gate are added, so only one of them opens the forget gate.
      if (gates == kLstmGates && name.rfind("bias_ih", 0) == 0) value.narrow(0, hidden, hidden).fill_(1);
    }
  }
}

// Adds a step's output, [1, 1, H], to those of the last steps.
const torch::Tensor& remember(const torch::Tensor& output, std::int64_t window, TemporalState& state) {
  const torch::Tensor all = state.outputs.defined() ? torch::cat({state.outputs, output}, 1) : output;
  state.outputs =
      all.narrow(1, std::max<std::int64_t>(0, all.size(1) - window), std::min(all.size(1), window));
  return state.outputs;
}

torch::Tensor read_next(nn::LSTM& rnn, const torch::Tensor& input, std::vector<torch::Tensor>& state) {
  using State = std::tuple<torch::Tensor, torch::Tensor>;
  const auto [output, next] =
      rnn->forward(input, state.empty() ? torch::optional<State>() : State(state[0], state[1]));
  state = {std::get<0>(next), std::get<1>(next)};
  return output;
}

torch::Tensor read_next(nn::GRU& rnn, const torch::Tensor& input, std::vector<torch::Tensor>& state) {
  const auto [output, next] = rnn->forward(input, state.empty() ? torch::Tensor() : state[0]);
  state = {next};
  return output;
}

torch::Tensor read_all(nn::LSTM& rnn, const torch::Tensor& features) { return lstm_outputs(rnn, features); }

torch::Tensor read_all(nn::GRU& rnn, const torch::Tensor& features) {
  return std::get<0>(rnn->forward(features));
}

// Rnn is nn::LSTM or nn::GRU.
template <typename Rnn, typename Options>
class RecurrentHead : public TemporalHead {
 public:
  RecurrentHead(const TemporalSettings& settings, std::int64_t input_dim, std::int64_t gates)
      : bidirectional_(settings.bidirectional),
        dim_(std::int64_t{settings.hidden} * (settings.bidirectional ? 2 : 1)),
        rnn_(register_module("rnn", Rnn(Options(input_dim, settings.hidden)
                                            .num_layers(settings.layers)
                                            .bidirectional(settings.bidirectional)
                                            .dropout(settings.dropout)
                                            .batch_first(true)))),
        pool_(register_module(
            "pool", std::make_shared<TemporalPooling>(settings.pool, dim_, settings.bidirectional))) {
    initialize_recurrent(*rnn_, settings.hidden, gates);
  }
  torch::Tensor forward(const torch::Tensor& features) override {
    return pool_->forward(read_all(rnn_, features));
  }
  std::int64_t dim() const override { return dim_; }
  bool can_step() const override { return !bidirectional_; }
  torch::Tensor step(const torch::Tensor& features, std::int64_t window, TemporalState& state) override {
    return pool_->forward(remember(read_next(rnn_, features, state.recurrent), window, state));
  }

 private:
  bool bidirectional_;
  std::int64_t dim_;
  Rnn rnn_;
  std::shared_ptr<TemporalPooling> pool_;
};

class MeanHead : public TemporalHead {
 public:
  explicit MeanHead(std::int64_t input_dim) : dim_(input_dim) {}
  torch::Tensor forward(const torch::Tensor& features) override { return features.mean(1); }
  std::int64_t dim() const override { return dim_; }
  torch::Tensor step(const torch::Tensor& features, std::int64_t window, TemporalState& state) override {
    return remember(features, window, state).mean(1);
  }

 private:
  std::int64_t dim_;
};

}  // namespace

std::shared_ptr<TemporalHead> make_temporal(const TemporalSettings& settings, std::int64_t input_dim) {
  switch (settings.type) {
    case TemporalType::lstm:
      return std::make_shared<RecurrentHead<nn::LSTM, nn::LSTMOptions>>(settings, input_dim, kLstmGates);
    case TemporalType::gru:
      return std::make_shared<RecurrentHead<nn::GRU, nn::GRUOptions>>(settings, input_dim, kGruGates);
    case TemporalType::mean:
      return std::make_shared<MeanHead>(input_dim);
  }
  throw std::logic_error("unknown temporal type");
}

}  // namespace actrec
