#include "engine/process_group.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <type_traits>
#include <utility>

#include "core/clock.h"
#include "core/error.h"

#ifdef ACTREC_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace actrec {
namespace {

// The first line of what LibTorch or Gloo says.
std::string first_line(const std::exception& error) {
  const auto* const of_torch = dynamic_cast<const c10::Error*>(&error);
  const std::string text = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

c10::intrusive_ptr<c10d::Store> open_store(const ProcessLayout& layout, double timeout_seconds) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(layout.port);
  options.isServer = layout.rank == 0 && !layout.launcher_keeps_store;
  options.timeout = milliseconds(timeout_seconds);
  if (!layout.launcher_keeps_store) options.numWorkers = static_cast<std::size_t>(layout.size);
  const c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::TCPStore>(layout.address, options);
  return c10::make_intrusive<c10d::PrefixStore>("actrec/" + layout.attempt, store);
}

// The network that Gloo uses: the interface that GLOO_SOCKET_IFNAME names, as in PyTorch; on one machine the
// loopback; else that of the host's name.
auto gloo_device(const ProcessLayout& layout) {
  if (const char* const name = std::getenv("GLOO_SOCKET_IFNAME"))
    return c10d::ProcessGroupGloo::createDeviceForInterface(name);
  if (layout.local_size == layout.size || layout.address == "127.0.0.1" || layout.address == "localhost")
    return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
  return c10d::ProcessGroupGloo::createDefaultDevice();
}

#ifdef ACTREC_NCCL
// Earlier versions of LibTorch have a time limit of their own for NCCL, and no abort().
template <typename Options>
void limit_time(Options& options, std::chrono::milliseconds timeout) {
  if constexpr (std::is_assignable_v<decltype((options.timeout)), std::chrono::milliseconds>)
    options.timeout = timeout;
}
template <typename Group>
auto abort_all(Group& group, int /*preferred*/) -> decltype(group.abort(), void()) {
  group.abort();
}
template <typename Group>
void abort_all(Group& /*group*/, long /*otherwise*/) {}
#endif

class SumOfOne : public ProcessGroup::Sum {
  void wait() override {}
};

}  // namespace

struct ProcessGroup::Backends {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  std::chrono::milliseconds timeout{};
#ifdef ACTREC_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl;  // made when the first tensor on a CUDA device comes

  // A sum that still waits for a process that has ended would keep this one for ever.
  ~Backends() {
    if (nccl) abort_all(*nccl, 0);
  }
#endif

  c10::intrusive_ptr<c10d::Work> start_sum(const ProcessLayout& layout, const torch::Tensor& tensor) {
    std::vector<torch::Tensor> tensors{tensor};
#ifdef ACTREC_NCCL
    if (tensor.is_cuda()) {
      if (!nccl) {
        const auto options = c10d::ProcessGroupNCCL::Options::create();
        limit_time(*options, timeout);
        nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, layout.rank, layout.size, options);
      }
      return nccl->allreduce(tensors);
    }
#endif
    static_cast<void>(layout);
    return gloo->allreduce(tensors);
  }
};

// What `call` gives; what it throws becomes an Error that says which process was doing what.
template <typename Call>
auto ProcessGroup::with_others(const std::string& what, Call call) {
  const Stopwatch stopwatch;
  struct AddTime {
    const Stopwatch& stopwatch;
    double& sum;
    ~AddTime() { sum += stopwatch.seconds(); }
  } const add_time{stopwatch, waited_seconds_};
  try {
    return call();
  } catch (const std::exception& error) {
    throw Error(fmt::format("rank {} of {}: {} failed: {}", rank(), size(), what, first_line(error)),
                "another process has ended or does not answer: its own output says why; `actrec train "
                "--resume RUN` goes on from the last checkpoint");
  }
}

class ProcessGroup::SumOfAll : public ProcessGroup::Sum {
 public:
  SumOfAll(ProcessGroup& group, c10::intrusive_ptr<c10d::Work> work)
      : group_(group), work_(std::move(work)) {}
  void wait() override {
    group_.with_others("adding up", [&] { return work_->wait(); });
  }

 private:
  ProcessGroup& group_;
  c10::intrusive_ptr<c10d::Work> work_;
};

ProcessGroup::ProcessGroup() = default;

ProcessGroup::ProcessGroup(const ProcessLayout& layout, double timeout_seconds) : layout_(layout) {
  if (alone()) return;
  backends_ = std::make_unique<Backends>();
  const std::string what = fmt::format("meeting the others at {}:{}", layout.address, layout.port);
  with_others(what, [&] {
    backends_->store = open_store(layout_, timeout_seconds);
    backends_->timeout = milliseconds(timeout_seconds);
    const auto options = c10d::ProcessGroupGloo::Options::create(backends_->timeout);
    options->devices.push_back(gloo_device(layout_));
    options->threads = 2;
    backends_->gloo =
        c10::make_intrusive<c10d::ProcessGroupGloo>(backends_->store, layout_.rank, layout_.size, options);
    backends_->gloo->barrier()->wait();
  });
  waited_seconds_ = 0;  // without the time until the last had started
  spdlog::info("processes: {} work together", layout_.size);
}

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::sum(torch::Tensor& tensor) { start_sum(tensor)->wait(); }

std::unique_ptr<ProcessGroup::Sum> ProcessGroup::start_sum(torch::Tensor& tensor) {
  if (alone()) return std::make_unique<SumOfOne>();
  return std::make_unique<SumOfAll>(*this, backends_->start_sum(layout_, tensor));
}

void ProcessGroup::broadcast(const std::vector<torch::Tensor>& tensors) {
  if (alone()) return;
  with_others("taking over the state of rank 0", [&] {
    for (const torch::Tensor& tensor : tensors) {
      std::vector<torch::Tensor> on_cpu{tensor.detach().to(torch::kCPU).contiguous()};
      backends_->gloo->broadcast(on_cpu)->wait();
      if (!leads()) tensor.detach().copy_(on_cpu.front());
    }
  });
}

std::string ProcessGroup::broadcast(const std::string& text) {
  return alone() ? text : gather(leads() ? text : std::string()).front();
}

std::vector<std::string> ProcessGroup::gather(const std::string& text) {
  if (alone()) return {text};
  return with_others("gathering", [&] {
    // Gloo gathers tensors of one size: the lengths come first.
    torch::Tensor lengths = torch::zeros({size()}, torch::kInt64);
    lengths[rank()] = static_cast<std::int64_t>(text.size());
    std::vector<torch::Tensor> to_add{lengths};
    backends_->gloo->allreduce(to_add)->wait();
    const std::int64_t longest = std::max<std::int64_t>(1, lengths.max().item<std::int64_t>());
    std::vector<torch::Tensor> own{torch::zeros({longest}, torch::kUInt8)};
    std::memcpy(own.front().data_ptr(), text.data(), text.size());
    std::vector<std::vector<torch::Tensor>> all(1);
    for (int i = 0; i < size(); ++i) all.front().push_back(torch::zeros({longest}, torch::kUInt8));
    backends_->gloo->allgather(all, own)->wait();
    std::vector<std::string> texts;
    for (int i = 0; i < size(); ++i) {
      texts.emplace_back(static_cast<const char*>(all.front()[static_cast<std::size_t>(i)].data_ptr()),
                         static_cast<std::size_t>(lengths[i].item<std::int64_t>()));
    }
    return texts;
  });
}

torch::Tensor ProcessGroup::gather_rows(const torch::Tensor& rows) {
  if (alone()) return rows;
  const torch::Tensor own = rows.to(torch::kCPU).contiguous();
  std::vector<std::int64_t> shape = own.sizes().vec();
  std::int64_t row_bytes = own.element_size();
  for (std::size_t i = 1; i < shape.size(); ++i) row_bytes *= shape[i];
  std::string bytes;
  for (const std::string& part :
       gather({static_cast<const char*>(own.data_ptr()), static_cast<std::size_t>(own.nbytes())}))
    bytes += part;
  shape.front() = static_cast<std::int64_t>(bytes.size()) / row_bytes;
  torch::Tensor all = torch::empty(shape, own.options());
  std::memcpy(all.data_ptr(), bytes.data(), bytes.size());
  return all;
}

void ProcessGroup::wait_for_all() { gather({}); }

}  // namespace actrec
