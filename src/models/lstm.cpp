#include "models/lstm.h"

#include <string>
#include <tuple>
#include <vector>

namespace actrec {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The gates of all steps, [T, B, 4 H]: input, forget, cell, output.
struct Gates {
  explicit Gates(const torch::Tensor& gates)
      : all(gates),
        hidden(gates.size(2) / 4),
        input(gates.narrow(2, 0, hidden)),
        forget(gates.narrow(2, hidden, hidden)),
        cell(gates.narrow(2, 2 * hidden, hidden)),
        output(gates.narrow(2, 3 * hidden, hidden)) {}

  torch::Tensor all;
  std::int64_t hidden;
  torch::Tensor input, forget, cell, output;
};

// One direction of one layer (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000):
// input [T, B, D], weights [4 H, D] and [4 H, H], bias [4 H] -> outputs [T, B, H].
class LstmLayer : public torch::autograd::Function<LstmLayer> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input,
                               const torch::Tensor& input_weight, const torch::Tensor& recurrent_weight,
                               const torch::Tensor& bias) {
    const Gates gates(torch::linear(input, input_weight, bias));
    const torch::Tensor sigmoids = gates.all.narrow(2, 0, 2 * gates.hidden);  // of the input and forget gates
    torch::Tensor cells = torch::empty_like(gates.input, torch::MemoryFormat::Contiguous);
    torch::Tensor outputs = torch::empty_like(cells);
    for (std::int64_t t = 0; t < input.size(0); ++t) {
      if (t > 0) gates.all[t].addmm_(outputs[t - 1], recurrent_weight.t());
      sigmoids[t].sigmoid_();
      gates.cell[t].tanh_();
      gates.output[t].sigmoid_();
      torch::Tensor cell = cells[t], output = outputs[t];
      torch::mul_out(cell, gates.input[t], gates.cell[t]);
      if (t > 0) cell.addcmul_(gates.forget[t], cells[t - 1]);
      torch::tanh_out(output, cell).mul_(gates.output[t]);
    }
    context->save_for_backward({input, input_weight, recurrent_weight, gates.all, cells, outputs});
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor &input = saved[0], &input_weight = saved[1], &recurrent_weight = saved[2];
    const Gates gates(saved[3]);
    const torch::Tensor &cells = saved[4], &outputs = saved[5], &output_slope = gradients[0];
    const std::int64_t steps = input.size(0), batch = input.size(1), hidden = gates.hidden;

    // What the slope of a step's cell or output is multiplied by on its way to each gate, for all steps.
    const torch::Tensor squashed = cells.tanh();
    const torch::Tensor before =
        torch::cat({torch::zeros_like(cells[0]).unsqueeze(0), cells}).narrow(0, 0, steps);
    const torch::Tensor to_cell = gates.output * (1 - squashed * squashed);
    const torch::Tensor to_output_gate = squashed * gates.output * (1 - gates.output);
    const torch::Tensor to_other_gates = torch::stack(
        {gates.cell * gates.input * (1 - gates.input), before * gates.forget * (1 - gates.forget),
         gates.input * (1 - gates.cell * gates.cell)},
        2);  // [T, B, 3, H]

    torch::Tensor slopes = torch::empty_like(gates.all);
    torch::Tensor cell_slope;
    for (std::int64_t t = steps - 1; t >= 0; --t) {
      const bool last = t == steps - 1;
      const torch::Tensor slope =
          last ? output_slope[t] : torch::addmm(output_slope[t], slopes[t + 1], recurrent_weight);
      cell_slope =
          last ? slope * to_cell[t] : torch::addcmul(cell_slope * gates.forget[t + 1], slope, to_cell[t]);
      torch::Tensor other_gates = slopes[t].narrow(1, 0, 3 * hidden).view({batch, 3, hidden});
      torch::Tensor output_gate = slopes[t].narrow(1, 3 * hidden, hidden);
      torch::mul_out(other_gates, to_other_gates[t], cell_slope.unsqueeze(1));
      torch::mul_out(output_gate, to_output_gate[t], slope);
    }

    const torch::Tensor rows = slopes.flatten(0, 1);
    return {input.requires_grad() ? torch::matmul(slopes, input_weight) : torch::Tensor(),
            torch::mm(rows.t(), input.flatten(0, 1)),
            torch::mm(slopes.narrow(0, 1, steps - 1).flatten(0, 1).t(),
                      outputs.narrow(0, 0, steps - 1).flatten(0, 1)),
            rows.sum(0)};
  }
};

}  // namespace

torch::Tensor lstm_outputs(torch::nn::LSTM& lstm, const torch::Tensor& input) {
  if (!torch::GradMode::is_enabled() || !input.is_cpu()) return std::get<0>(lstm->forward(input));
  const auto parameters = lstm->named_parameters();
  torch::Tensor sequence = input.transpose(0, 1).contiguous();  // [T, B, D]
  for (std::int64_t layer = 0; layer < lstm->options.num_layers(); ++layer) {
    if (layer > 0) sequence = torch::dropout(sequence, lstm->options.dropout(), lstm->is_training());
    const auto direction = [&](const torch::Tensor& in, const std::string& suffix) {
      const std::string name = "_l" + std::to_string(layer) + suffix;
      return LstmLayer::apply(in, parameters["weight_ih" + name], parameters["weight_hh" + name],
                              parameters["bias_ih" + name] + parameters["bias_hh" + name]);
    };
    const torch::Tensor forwards = direction(sequence, "");
    sequence = lstm->options.bidirectional()
                   ? torch::cat({forwards, direction(sequence.flip(0), "_reverse").flip(0)}, 2)
                   : forwards;
  }
  return sequence.transpose(0, 1);
}

}  // namespace actrec
