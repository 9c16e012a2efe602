// The operations of the simulated devices: LibTorch's for the CPU, on the devices' memory. As on a device,
// they take no tensors of the host, and results lie on the device.

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "simulated_cuda/device_memory.h"
#include "simulated_cuda/streams.h"

namespace simulated_cuda {
namespace {

using at::Tensor;
using Stack = torch::jit::Stack;

c10::Storage storage_of_host(void* data, std::size_t bytes) {
  return c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), bytes,
                                               c10::DataPtr(data, c10::Device(c10::DeviceType::CPU)),
                                               c10::GetAllocator(c10::DeviceType::CPU), true);
}

Tensor make_view(c10::Storage storage, const Tensor& like, c10::DispatchKey key) {
  Tensor view =
      at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
  view.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides());
  view.unsafeGetTensorImpl()->set_storage_offset(like.storage_offset());
  return view;
}

void* start_of(const Tensor& tensor) { return const_cast<void*>(tensor.storage().data_ptr().get()); }

// A tensor of the host with the memory of one on the device.
Tensor reached(const Tensor& tensor) {
  return make_view(storage_of_host(reach(start_of(tensor)), tensor.storage().nbytes()), tensor,
                   c10::DispatchKey::CPU);
}

// A tensor on the device with as much memory as one of the host, whose sizes and strides it has.
Tensor allocate_like(const Tensor& tensor, c10::Device device) {
  c10::Allocator* const allocator = c10::GetAllocator(c10::DeviceType::CUDA);
  const c10::Device before = current_device();
  make_current(device);
  const std::size_t bytes = tensor.storage().nbytes();
  c10::Storage storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), bytes,
                                                               allocator->allocate(bytes), allocator, true);
  make_current(before);
  return make_view(std::move(storage), tensor, c10::DispatchKey::CUDA);
}

// These take indices of the host.
bool is_indexing(const std::string& name) {
  return name == "aten::index" || name == "aten::_index_put_impl_";
}

// An operation's operands, as tensors of the host, and what becomes of them.
class Operands {
 public:
  explicit Operands(const c10::OperatorHandle& operation) : name_(operation.schema().name()) {}

  Tensor reach(const Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    if (!tensor.is_cuda()) {
      TORCH_CHECK(tensor.dim() == 0 || is_indexing(name_),
                  "Expected all tensors to be on the same device, but ", name_, " got one on ",
                  tensor.device());
      return tensor;
    }
    TORCH_CHECK(!device_ || *device_ == tensor.device(),
                "Expected all tensors to be on the same device, but ", name_, " got ", *device_, " and ",
                tensor.device());
    device_ = tensor.device();
    operands_.push_back({tensor, reached(tensor)});
    return operands_.back().reached;
  }

  // Operands that now have another shape or more memory, such as `out` of a function that makes its result.
  void take_over_changes() {
    for (const Operand& operand : operands_) {
      const Tensor &original = operand.original, &changed = operand.reached;
      c10::TensorImpl* const tensor = original.unsafeGetTensorImpl();
      if (start_of(changed) != simulated_cuda::reach(start_of(original))) {
        const Tensor moved = to_device(changed);
        c10::StorageImpl* const storage = original.storage().unsafeGetStorageImpl();
        storage->set_data_ptr(
            moved.storage().unsafeGetStorageImpl()->set_data_ptr({nullptr, original.device()}));
        storage->set_nbytes(changed.storage().nbytes());
      }
      if (original.sizes() != changed.sizes() || original.strides() != changed.strides())
        tensor->set_sizes_and_strides(changed.sizes(), changed.strides());
    }
  }

  Tensor result(const Tensor& tensor) {
    if (!tensor.defined() || tensor.is_cuda()) return tensor;
    for (const Operand& operand : operands_) {
      if (operand.reached.is_same(tensor)) return operand.original;
    }
    if (device_address(start_of(tensor)) != nullptr) {
      for (const Operand& operand : operands_) {
        if (start_of(operand.reached) == start_of(tensor))
          return make_view(operand.original.storage(), tensor, c10::DispatchKey::CUDA);
      }
    }
    return to_device(tensor);
  }

  const std::string& name() const { return name_; }
  c10::Device device() const { return device_.value_or(current_device()); }
  void on(c10::Device device) { device_ = device; }

 private:
  struct Operand {
    Tensor original, reached;
  };

  Tensor to_device(const Tensor& tensor) const {
    Tensor made = allocate_like(tensor, device());
    if (const std::size_t bytes = tensor.storage().nbytes(); bytes > 0)
      std::memcpy(simulated_cuda::reach(start_of(made)), start_of(tensor), bytes);
    return made;
  }

  std::string name_;
  c10::optional<c10::Device> device_;
  std::vector<Operand> operands_;
};

c10::IValue reach_value(const c10::IValue& value, Operands& operands) {
  if (value.isTensor()) return operands.reach(value.toTensor());
  if (value.isTensorList()) {
    c10::List<Tensor> list;
    for (const Tensor& tensor : value.toTensorVector()) list.push_back(operands.reach(tensor));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<c10::optional<Tensor>> list;
    for (const c10::optional<Tensor>& tensor : value.toOptionalTensorVector())
      list.push_back(tensor ? c10::make_optional(operands.reach(*tensor)) : c10::nullopt);
    return list;
  }
  if (value.isDevice()) {
    operands.on(value.toDevice());
    return c10::Device(c10::DeviceType::CPU);
  }
  return value;
}

c10::IValue result_value(const c10::IValue& value, Operands& operands) {
  if (value.isTensor()) return operands.result(value.toTensor());
  if (value.isTensorList()) {
    c10::List<Tensor> list;
    for (const Tensor& tensor : value.toTensorVector()) list.push_back(operands.result(tensor));
    return list;
  }
  return value;
}

// A device has random numbers of its own.
void choose_generator(const c10::OperatorHandle& operation, Stack& stack, std::size_t first,
                      c10::Device device) {
  const auto& arguments = operation.schema().arguments();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name() == "generator" && stack[first + i].isNone())
      stack[first + i] = at::globalContext().defaultGenerator(device);
  }
}

// Whether the host waits for the operation: its result is on the host, or has as many elements as the device
// finds.
bool waits_for_result(const std::string& name, const Stack& stack, std::size_t first) {
  static const std::set<std::string> waiting = {
      "aten::_local_scalar_dense", "aten::equal", "aten::masked_select", "aten::nonzero", "aten::_unique2",
      "aten::unique_dim"};
  if (waiting.count(name) > 0) return true;
  if (!is_indexing(name)) return false;
  for (const c10::optional<Tensor>& index : stack[first + 1].toOptionalTensorVector()) {
    if (index && index->defined() && index->scalar_type() == at::kBool) return true;
  }
  return false;
}

void compute(const c10::OperatorHandle& operation, Stack* stack) {
  Operands operands(operation);
  const std::size_t first = stack->size() - operation.schema().arguments().size();
  if (waits_for_result(operands.name(), *stack, first)) count_wait(operands.name());
  for (std::size_t i = first; i < stack->size(); ++i) (*stack)[i] = reach_value((*stack)[i], operands);
  choose_generator(operation, *stack, first, operands.device());
  operation.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  operands.take_over_changes();
  const std::size_t first_result = stack->size() - operation.schema().returns().size();
  for (std::size_t i = first_result; i < stack->size(); ++i)
    (*stack)[i] = result_value((*stack)[i], operands);
}

std::vector<std::int64_t> numbers(c10::SymIntArrayRef values) {
  std::vector<std::int64_t> result;
  for (const c10::SymInt& value : values) result.push_back(value.as_int_unchecked());
  return result;
}

Tensor empty(c10::SymIntArrayRef size, c10::optional<c10::ScalarType> type,
             c10::optional<c10::Layout> /*layout*/, c10::optional<c10::Device> device,
             c10::optional<bool> /*pinned*/, c10::optional<c10::MemoryFormat> format) {
  const Tensor host = at::empty(numbers(size), at::TensorOptions(type.value_or(at::kFloat)), format);
  return allocate_like(host, device->has_index() ? *device : current_device());
}

Tensor empty_strided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride,
                     c10::optional<c10::ScalarType> type, c10::optional<c10::Layout> /*layout*/,
                     c10::optional<c10::Device> device, c10::optional<bool> /*pinned*/) {
  const Tensor host =
      at::empty_strided(numbers(size), numbers(stride), at::TensorOptions(type.value_or(at::kFloat)));
  return allocate_like(host, device->has_index() ? *device : current_device());
}

// The host goes on at once only where it said that it would not wait, and its memory is pinned.
Tensor& copy(Tensor& self, const Tensor& source, bool non_blocking) {
  const Tensor &from = source.is_cuda() ? reached(source) : source,
               &to = self.is_cuda() ? reached(self) : self;
  if (source.is_cuda() == self.is_cuda()) {
    to.copy_(from);
    return self;
  }
  const bool pinned = is_pinned(start_of(source.is_cuda() ? self : source));
  if (non_blocking && pinned && self.is_cuda()) {
    copy_later([to, from, self] { to.copy_(from); }, self.device());
  } else {
    if (!non_blocking || !pinned) count_wait(source.is_cuda() ? "copy to the host" : "copy from the host");
    to.copy_(from);
  }
  return self;
}

bool pinned(const Tensor& self, c10::optional<c10::Device> /*device*/) { return is_pinned(start_of(self)); }

Tensor pin(const Tensor& self, c10::optional<c10::Device> /*device*/) {
  const Tensor made = at::empty(self.sizes(), self.options().pinned_memory(true));
  return made.copy_(self);
}

// Cells of LibTorch's LSTM, which on a CPU are composed of other operations. Returned: hidden state, cell
// state, and the gates i, f, g, o after their activations.
std::tuple<Tensor, Tensor, Tensor> lstm_cell(const Tensor& of_input, const Tensor& of_hidden,
                                             const Tensor& cell, const c10::optional<Tensor>& input_bias,
                                             const c10::optional<Tensor>& hidden_bias) {
  Tensor gates = of_input + of_hidden;
  if (input_bias && input_bias->defined()) gates = gates + *input_bias + *hidden_bias;
  const std::vector<Tensor> parts = gates.chunk(4, 1);
  const Tensor i = parts[0].sigmoid(), f = parts[1].sigmoid(), g = parts[2].tanh(), o = parts[3].sigmoid();
  const Tensor next = f * cell + i * g;
  return {o * next.tanh(), next, at::cat({i, f, g, o}, 1)};
}

// Gradients of the gates before their activations, of the earlier cell state, and of the biases.
std::tuple<Tensor, Tensor, Tensor> lstm_cell_backward(const c10::optional<Tensor>& of_hidden,
                                                      const c10::optional<Tensor>& of_cell,
                                                      const Tensor& cell, const Tensor& next,
                                                      const Tensor& gates, bool has_bias) {
  const std::vector<Tensor> parts = gates.chunk(4, 1);
  const Tensor &i = parts[0], &f = parts[1], &g = parts[2], &o = parts[3];
  const Tensor shaped = next.tanh();
  const Tensor hidden = of_hidden && of_hidden->defined() ? *of_hidden : at::zeros_like(next);
  Tensor state = hidden * o * (1 - shaped * shaped);
  if (of_cell && of_cell->defined()) state = state + *of_cell;
  Tensor result = at::cat({state * g * i * (1 - i), state * cell * f * (1 - f), state * i * (1 - g * g),
                           hidden * shaped * o * (1 - o)},
                          1);
  return {result, state * f, has_bias ? result.sum(0) : Tensor()};
}

// The same for its GRU. Returned: hidden state, and what the backward pass needs.
std::tuple<Tensor, Tensor> gru_cell(const Tensor& of_input, const Tensor& of_hidden, const Tensor& state,
                                    const c10::optional<Tensor>& input_bias,
                                    const c10::optional<Tensor>& hidden_bias) {
  const bool has_bias = input_bias && input_bias->defined();
  const std::vector<Tensor> x = (has_bias ? of_input + *input_bias : of_input).chunk(3, 1);
  const std::vector<Tensor> h = (has_bias ? of_hidden + *hidden_bias : of_hidden).chunk(3, 1);
  const Tensor reset = (x[0] + h[0]).sigmoid(), update = (x[1] + h[1]).sigmoid();
  const Tensor candidate = (x[2] + reset * h[2]).tanh();
  return {candidate + update * (state - candidate), at::cat({reset, update, candidate, state, h[2]}, 1)};
}

// Gradients of the input's gates, the hidden gates, the earlier state, and of both biases.
std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> gru_cell_backward(const Tensor& gradient,
                                                                     const Tensor& saved, bool has_bias) {
  const std::vector<Tensor> parts = saved.chunk(5, 1);
  const Tensor &reset = parts[0], &update = parts[1], &candidate = parts[2], &state = parts[3];
  const Tensor of_update = gradient * (state - candidate) * update * (1 - update);
  const Tensor of_candidate = gradient * (1 - update) * (1 - candidate * candidate);
  const Tensor of_reset = of_candidate * parts[4] * reset * (1 - reset);
  const Tensor of_input = at::cat({of_reset, of_update, of_candidate}, 1);
  const Tensor of_hidden = at::cat({of_reset, of_update, of_candidate * reset}, 1);
  return {of_input, of_hidden, gradient * update, has_bias ? of_input.sum(0) : Tensor(),
          has_bias ? of_hidden.sum(0) : Tensor()};
}

}  // namespace

TORCH_LIBRARY_IMPL(_, CUDA, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&compute>());
}

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("copy_", copy);
  library.impl("is_pinned", pinned);
  library.impl("_pin_memory", pin);
  library.impl("record_stream", [](Tensor& /*self*/, c10::Stream /*stream*/) {});
  library.impl("_thnn_fused_lstm_cell", lstm_cell);
  library.impl("_thnn_fused_lstm_cell_backward_impl", lstm_cell_backward);
  library.impl("_thnn_fused_gru_cell", gru_cell);
  library.impl("_thnn_fused_gru_cell_backward", gru_cell_backward);
  // For these the CPU's own choices.
  for (const char* const name : {"convolution", "convolution_backward"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&compute>());
}

}  // namespace simulated_cuda
