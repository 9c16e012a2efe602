#include "engine/training_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frame_folders.h"

namespace actrec {
namespace {

// A batch of that many clips, of two classes by turns.
Batch random_batch(std::int64_t clips) {
  torch::manual_seed(3);
  Batch batch;
  batch.clips = torch::randint(0, 256, {clips, 4, 16, 16, 3}, torch::kUInt8);
  batch.labels = torch::arange(clips).remainder(2);
  return batch;
}

Batch part_of(const Batch& batch, std::int64_t begin, std::int64_t count) {
  Batch part;
  part.clips = batch.clips.narrow(0, begin, count);
  part.labels = batch.labels.narrow(0, begin, count);
  return part;
}

std::shared_ptr<Recogniser> make_model(const Settings& settings) {
  torch::manual_seed(1);
  return std::make_shared<Recogniser>(settings.model, settings.clip.size, 2,
                                      PixelStatistics{{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
}

Settings step_settings() {
  Settings settings = tiny_settings();
  settings.model.dropout = 0;
  settings.train.optimizer.gradient_clip = 0;
  return settings;
}

TEST(TrainingStep, PartsOfABatchAddUpToItsGradient) {
  const Settings settings = step_settings();
  const Batch batch = random_batch(6);
  const auto whole = make_model(settings), parts = make_model(settings);
  TrainingStep one(whole, settings, {}, torch::kCPU), several(parts, settings, {}, torch::kCPU);
  const StepOutcome outcome = one.add_gradient(batch);
  const StepOutcome first = several.add_gradient(part_of(batch, 0, 2), 2.0 / 6);
  const StepOutcome second = several.add_gradient(part_of(batch, 2, 4), 4.0 / 6);
  const float loss = (first.loss * 2 + second.loss * 4).item<float>() / 6;
  EXPECT_NEAR(outcome.loss.item<float>(), loss, 1e-5);
  EXPECT_EQ(outcome.hits.item<std::int64_t>(), (first.hits + second.hits).item<std::int64_t>());
  for (std::size_t i = 0; i < whole->parameters().size(); ++i) {
    EXPECT_TRUE(torch::allclose(whole->parameters()[i].grad(), parts->parameters()[i].grad(), 1e-4, 1e-6));
  }
}

TEST(TrainingStep, ABatchWithoutClipsChangesNothing) {
  Settings settings = step_settings();
  settings.train.optimizer.weight_decay = 0.1;  // changes weights without any gradient
  const auto model = make_model(settings), same = make_model(settings);
  TrainingStep step(model, settings, {}, torch::kCPU), usual(same, settings, {}, torch::kCPU);
  const Batch batch = random_batch(6);
  for (int i = 0; i < 2; ++i) {
    step.add_gradient(batch);
    step.update(0.1);
    usual.add_gradient(batch);
    usual.update(0.1);
    const StepOutcome nothing = step.add_gradient(part_of(batch, 0, 0));
    step.update(0.1);
    EXPECT_EQ(nothing.loss.item<float>(), 0);
    EXPECT_EQ(nothing.hits.item<std::int64_t>(), 0);
  }
  for (std::size_t i = 0; i < model->parameters().size(); ++i)
    EXPECT_TRUE(torch::equal(model->parameters()[i], same->parameters()[i]));
}

TEST(TrainingStep, AnUpdateForgetsTheGradient) {
  const Settings settings = step_settings();
  const auto model = make_model(settings);
  TrainingStep step(model, settings, {}, torch::kCPU);
  step.add_gradient(random_batch(2));
  const torch::Tensor before = model->parameters().front().clone();
  step.update(0.01);
  EXPECT_FALSE(torch::equal(model->parameters().front(), before));
  for (const torch::Tensor& parameter : model->parameters()) {
    EXPECT_TRUE(!parameter.grad().defined() || parameter.grad().abs().max().item<float>() == 0);
  }
}

TEST(TrainingStep, ClipsTheGradientsNorm) {
  Settings settings = step_settings();
  settings.train.optimizer.type = OptimizerType::sgd;
  settings.train.optimizer.momentum = 0;
  settings.train.optimizer.weight_decay = 0;
  settings.train.optimizer.gradient_clip = 0.01;
  const auto model = make_model(settings);
  TrainingStep step(model, settings, {}, torch::kCPU);
  std::vector<torch::Tensor> before;
  for (const torch::Tensor& parameter : model->parameters()) before.push_back(parameter.detach().clone());
  step.add_gradient(random_batch(4));
  step.update(1);
  double square = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    square += (model->parameters()[i].detach() - before[i]).square().sum().item<double>();
  EXPECT_NEAR(std::sqrt(square), 0.01, 1e-5);
}

TEST(TrainingStep, AGradientThatIsNotFiniteChangesNothing) {
  for (const double clip : {0.0, 1.0}) {
    Settings settings = step_settings();
    settings.train.optimizer.gradient_clip = clip;
    const auto model = make_model(settings);
    TrainingStep step(model, settings, {}, torch::kCPU);
    step.add_gradient(random_batch(2));
    step.update(0.01);
    EXPECT_EQ(step.failed_updates(), 0);
    step.add_gradient(random_batch(2));
    model->parameters().back().mutable_grad()[0] = std::nan("");
    std::vector<torch::Tensor> before;
    for (const torch::Tensor& parameter : model->parameters()) before.push_back(parameter.detach().clone());
    step.update(0.01);
    EXPECT_EQ(step.failed_updates(), 1);
    step.add_gradient(random_batch(2));  // a good one, too late
    step.update(0.01);
    EXPECT_EQ(step.failed_updates(), 2);
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_TRUE(torch::equal(model->parameters()[i].detach(), before[i]));
  }
}

TEST(TrainingStep, CountsHitsAndWeighsClasses) {
  const Settings settings = step_settings();
  const auto model = make_model(settings);
  TrainingStep plain(model, settings, {}, torch::kCPU);
  const Batch batch = random_batch(2);  // labels 0 and 1
  const torch::Tensor guesses = model->forward(batch.clips).argmax(1);
  EXPECT_EQ(plain.add_gradient(batch).hits.item<std::int64_t>(),
            (guesses == batch.labels).sum().item<std::int64_t>());
  Settings unsmoothed = settings;
  unsmoothed.train.label_smoothing = 0;
  TrainingStep only_first(model, unsmoothed, torch::tensor({1.0F, 0.0F}), torch::kCPU);
  TrainingStep alone(model, unsmoothed, {}, torch::kCPU);
  EXPECT_NEAR(only_first.add_gradient(batch).loss.item<float>(),
              alone.add_gradient(part_of(batch, 0, 1)).loss.item<float>(), 1e-5);
}

}  // namespace
}  // namespace actrec
