// Rates of the network's parts, forward and backward, in frames/s (items_per_second), with as many threads as
// the argument `threads` says.
//
//     build/release/bench_models [--benchmark_filter=...] [--benchmark_repetitions=...]

#include <benchmark/benchmark.h>

#include "engine/training_step.h"
#include "models/encoder.h"
#include "models/temporal.h"

namespace actrec {
namespace {

constexpr std::int64_t kBatch = 8, kFrames = 16;
const FrameSize kSize(112, 112);

void encoder_step(benchmark::State& state, torch::MemoryFormat format) {
  at::set_num_threads(static_cast<int>(state.range(0)));
  const auto encoder = make_encoder(EncoderSettings(), kSize);
  const torch::Tensor frames =
      torch::rand({kBatch * kFrames, 3, kSize.height, kSize.width}).contiguous(format);
  for (auto _ : state) {
    encoder->forward(frames).sum().backward();
    encoder->zero_grad();
  }
  state.SetItemsProcessed(state.iterations() * kBatch * kFrames);
}
BENCHMARK_CAPTURE(encoder_step, channels_last, torch::MemoryFormat::ChannelsLast)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(encoder_step, contiguous, torch::MemoryFormat::Contiguous)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void lstm_step(benchmark::State& state) {
  at::set_num_threads(static_cast<int>(state.range(0)));
  const std::int64_t dim = make_encoder(EncoderSettings(), kSize)->dim();
  const auto head = make_temporal(TemporalSettings(), dim);
  const torch::Tensor features = torch::rand({kBatch, kFrames, dim});
  for (auto _ : state) {
    head->forward(features).sum().backward();
    head->zero_grad();
  }
  state.SetItemsProcessed(state.iterations() * kBatch * kFrames);
}
BENCHMARK(lstm_step)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

std::shared_ptr<Recogniser> make_model() {
  auto model = std::make_shared<Recogniser>(ModelSettings(), kSize, 6,
                                            PixelStatistics{{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
  model->set_memory_format(MemoryFormat::contiguous);
  return model;
}

// Pixels to updated weights.
void training_step(benchmark::State& state) {
  at::set_num_threads(static_cast<int>(state.range(0)));
  const auto model = make_model();
  TrainingStep step(model, Settings(), {}, torch::kCPU);
  Batch batch;
  batch.clips = torch::randint(0, 256, {kBatch, kFrames, kSize.height, kSize.width, 3}, torch::kUInt8);
  batch.labels = torch::zeros(kBatch, torch::kInt64);
  for (auto _ : state) {
    step.add_gradient(batch);
    step.update(1e-5);
  }
  state.SetItemsProcessed(state.iterations() * kBatch * kFrames);
}
BENCHMARK(training_step)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

// The part of it that does not depend on the batch.
void update_weights(benchmark::State& state) {
  at::set_num_threads(static_cast<int>(state.range(0)));
  const auto model = make_model();
  TrainingStep step(model, Settings(), {}, torch::kCPU);
  for (auto _ : state) {
    for (torch::Tensor& parameter : model->parameters())
      parameter.mutable_grad() = torch::ones_like(parameter);
    step.update(1e-5);
  }
}
BENCHMARK(update_weights)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace actrec

BENCHMARK_MAIN();
