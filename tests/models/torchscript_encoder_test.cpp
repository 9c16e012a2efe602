#include "models/torchscript_encoder.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "models/encoder_weights.h"
#include "models/pytorch_file.h"
#include "torch_files.h"
#include "torch_reference.h"

namespace actrec {
namespace {

const FrameSize kSize(16, 16);

EncoderSettings settings_for(const char* name) {
  EncoderSettings settings;
  settings.type = EncoderType::torchscript;
  settings.weights = torch_files() / name;
  return settings;
}

// The encoder as a checkpoint gives it back.
std::shared_ptr<Encoder> rebuilt(const Encoder& encoder, FrameSize size = kSize) {
  NamedTensors tensors;
  for (const auto& tensor : state_of(encoder)) tensors.emplace(tensor.key(), tensor.value().detach().clone());
  return std::make_shared<TorchScriptEncoder>(tensors, ScriptContent::code, size, false, "checkpoint");
}

std::string error_of(const char* name) {
  try {
    make_encoder(settings_for(name), kSize);
    return "";
  } catch (const CheckpointError& error) {
    EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("float32 [N, 3, height, width]"), std::string::npos);
    return error.what();
  }
}

void expect_in(const std::string& part, const std::string& whole) {
  EXPECT_NE(whole.find(part), std::string::npos) << "'" << part << "' is not in: " << whole;
}

TEST(TorchScriptEncoder, GivesWhatPythonGives) {
  ACTREC_NEED_TORCH_FILES();
  const auto reference = read_pytorch_state(torch_files() / "scripted_reference.pth");
  for (const char* name : {"scripted.pt", "traced.pt", "frozen.pt"}) {
    const auto encoder = make_encoder(settings_for(name), kSize);
    encoder->eval();
    EXPECT_EQ(encoder->dim(), 5);
    EXPECT_LT(max_difference(encoder->forward(reference.at("x")), reference.at("y")), 1e-5) << name;
    const torch::Tensor nhwc = reference.at("x").contiguous(torch::MemoryFormat::ChannelsLast);
    EXPECT_LT(max_difference(encoder->forward(nhwc), reference.at("y")), 1e-5) << name;
  }
}

TEST(TorchScriptEncoder, ShowsItsTensorsUnderTheirNames) {
  ACTREC_NEED_TORCH_FILES();
  const auto encoder = make_encoder(settings_for("scripted.pt"), kSize);
  const auto parameters = encoder->named_parameters();
  EXPECT_EQ(parameters.size(), 7u);
  for (const char* name :
       {"module.conv.weight", "module.norm.bias", "module.project.weight", "module.scale"}) {
    ASSERT_TRUE(parameters.contains(name)) << name;
    EXPECT_TRUE(parameters[name].requires_grad()) << name;
  }
  EXPECT_TRUE(encoder->named_buffers().contains("module.norm.running_var"));
  // The code travels without the numbers.
  EXPECT_TRUE(encoder->named_buffers().contains("torchscript"));
  std::int64_t stages = 0;
  for (const auto& stage : encoder->stages()) {
    for (const auto& module : stage) stages += static_cast<std::int64_t>(module->parameters().size());
  }
  EXPECT_EQ(stages, 7);
}

TEST(TorchScriptEncoder, LearnsAndIsRebuiltWithWhatItLearned) {
  ACTREC_NEED_TORCH_FILES();
  const auto encoder = make_encoder(settings_for("scripted.pt"), kSize);
  const torch::Tensor x = torch::randn({4, 3, 16, 16});
  encoder->eval();
  const torch::Tensor before = encoder->forward(x).detach();
  encoder->train();
  torch::optim::SGD optimizer(encoder->parameters(), 0.1);
  encoder->forward(x).square().sum().backward();
  optimizer.step();
  encoder->eval();
  const torch::Tensor after = encoder->forward(x).detach();
  EXPECT_GT(max_difference(after, before), 1e-3);
  const auto copy = rebuilt(*encoder);
  copy->eval();
  EXPECT_TRUE(torch::equal(copy->forward(x), after));
  EXPECT_TRUE(
      torch::equal(rebuilt(*copy)->named_buffers()["torchscript"], encoder->named_buffers()["torchscript"]));
}

TEST(TorchScriptEncoder, KeepsTheStatisticsOfBatchNormalisationUnlessTold) {
  ACTREC_NEED_TORCH_FILES();
  for (const bool learn : {false, true}) {
    EncoderSettings settings = settings_for("scripted.pt");
    settings.batch_norm = learn ? BatchNormMode::train : BatchNormMode::automatic;
    const auto encoder = make_encoder(settings, kSize);
    const torch::Tensor before = encoder->named_buffers()["module.norm.running_mean"].clone();
    EXPECT_TRUE(torch::equal(before, torch::zeros({4})));  // making it did not touch them
    encoder->eval();
    encoder->forward(torch::randn({4, 3, 16, 16}));
    EXPECT_TRUE(torch::equal(before, encoder->named_buffers()["module.norm.running_mean"]));
    encoder->train();
    encoder->forward(torch::randn({4, 3, 16, 16}));
    EXPECT_EQ(torch::equal(before, encoder->named_buffers()["module.norm.running_mean"]), !learn);
    const torch::Tensor after = encoder->named_buffers()["module.norm.running_mean"].clone();
    const Encoder::Stage stage = encoder->stages()[0];
    for (const auto& part : stage) part->eval();  // as a stage that does not learn is put
    encoder->forward(torch::randn({4, 3, 16, 16}));
    EXPECT_TRUE(torch::equal(after, encoder->named_buffers()["module.norm.running_mean"]));
  }
}

TEST(TorchScriptEncoder, MovesWithItsTensors) {
  ACTREC_NEED_TORCH_FILES();
  const auto reference = read_pytorch_state(torch_files() / "scripted_reference.pth");
  const auto encoder = make_encoder(settings_for("scripted.pt"), kSize);
  encoder->eval();
  encoder->to(torch::kFloat64);
  const torch::Tensor y = encoder->forward(reference.at("x").to(torch::kFloat64));
  EXPECT_EQ(y.scalar_type(), torch::kFloat64);
  EXPECT_LT(max_difference(y, reference.at("y")), 1e-5);
  if (!torch::cuda::is_available()) return;
  encoder->to(torch::kFloat32);
  encoder->to(torch::kCUDA);
  EXPECT_LT(max_difference(encoder->forward(reference.at("x").to(torch::kCUDA)).cpu(), reference.at("y")),
            1e-3);
}

TEST(TorchScriptEncoder, TakesChannelsLastWhereTheScriptDoesNot) {
  ACTREC_NEED_TORCH_FILES();
  const auto encoder = make_encoder(settings_for("flattens.pt"), kSize);
  const torch::Tensor x = torch::randn({2, 3, 16, 16});
  EXPECT_TRUE(
      torch::equal(encoder->forward(x.contiguous(torch::MemoryFormat::ChannelsLast)), encoder->forward(x)));
}

TEST(TorchScriptEncoder, AveragesMapsAndKeepsTiedWeightsTied) {
  ACTREC_NEED_TORCH_FILES();
  const auto encoder = make_encoder(settings_for("tied.pt"), kSize);
  EXPECT_EQ(encoder->dim(), 4);
  EXPECT_EQ(encoder->parameters().size(), 5u);  // stem 2, first 2, the bias of second
  const auto copy = rebuilt(*encoder);
  EXPECT_EQ(copy->parameters().size(), 5u);
  const torch::Tensor x = torch::randn({2, 3, 16, 16});
  EXPECT_EQ(encoder->forward(x).sizes(), (std::vector<std::int64_t>{2, 4}));
  EXPECT_TRUE(torch::equal(copy->forward(x), encoder->forward(x)));
}

TEST(TorchScriptEncoder, SaysWhatIsExpected) {
  ACTREC_NEED_TORCH_FILES();
  const std::string expected = "but must give float32 [2, D] or [2, D, h, w] for frames [2, 3, 16, 16]";
  expect_in("gives Float [2, 3, 16], " + expected, error_of("three.pt"));
  expect_in("gives Double [2, 768], " + expected, error_of("double.pt"));
  expect_in("gives Float [4, 384], " + expected, error_of("batch.pt"));
  expect_in("gives Tuple, " + expected, error_of("tuple.pt"));
  expect_in("it fails on frames float32 [2, 3, 16, 16]: ", error_of("fails.pt"));
  expect_in("shape '[7, 7]' is invalid", error_of("fails.pt"));
  expect_in("holds no TorchScript module", error_of("zip.pth"));
}

TEST(TorchScriptEncoder, IsRebuiltOnlyFromAllItsTensors) {
  ACTREC_NEED_TORCH_FILES();
  const auto encoder = make_encoder(settings_for("scripted.pt"), kSize);
  NamedTensors tensors;
  for (const auto& tensor : state_of(*encoder)) tensors.emplace(tensor.key(), tensor.value().detach());
  const auto build = [&] { TorchScriptEncoder(tensors, ScriptContent::code, kSize, false, "c"); };
  EXPECT_NO_THROW(build());
  tensors["module.conv.weight"] = torch::zeros({4, 3, 5, 5});
  EXPECT_THROW(build(), CheckpointError);
  tensors.erase("module.conv.weight");
  EXPECT_THROW(build(), CheckpointError);
  const torch::Tensor code = tensors.at("torchscript");
  tensors = {{"torchscript", code.narrow(0, 0, code.numel() / 2).clone()}};
  EXPECT_THROW(build(), CheckpointError);
  tensors = {{"torchscript", code.to(torch::kFloat32)}};
  EXPECT_THROW(build(), CheckpointError);
  tensors.clear();
  EXPECT_THROW(build(), CheckpointError);
}

}  // namespace
}  // namespace actrec
