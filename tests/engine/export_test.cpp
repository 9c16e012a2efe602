#include "engine/export.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "frame_folders.h"
#include "temporary_directory.h"
#include "torch_files.h"

namespace actrec {
namespace {

constexpr int kSize = 20;

// A model whose every number, the statistics of batch normalisation included, is its own.
Checkpoint example(const ModelSettings& model) {
  Checkpoint checkpoint;
  CheckpointInfo& info = checkpoint.info;
  info.settings = tiny_settings();
  info.settings.clip.size = FrameSize(kSize, kSize + 4);
  info.settings.model = model;
  info.classes = {"a", "b\u00fc", "c"};
  info.statistics = {{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}};
  info.version = ACTREC_VERSION;
  checkpoint.model = std::make_shared<Recogniser>(model, info.settings.clip.size, 3, info.statistics);
  const torch::NoGradGuard no_grad;
  for (auto& buffer : checkpoint.model->named_buffers()) {
    if (buffer.value().is_floating_point()) buffer.value().uniform_(0.5, 1.5);
  }
  checkpoint.model->eval();
  return checkpoint;
}

torch::Tensor clips_of(std::int64_t batch, std::int64_t length) {
  return torch::randint(0, 256, {batch, length, kSize, kSize + 4, 3}, torch::kUInt8);
}

void expect_same_logits(const Checkpoint& checkpoint, double tolerance = 1e-5) {
  TemporaryDirectory directory;
  const auto path = directory / "m.pt";
  export_torchscript(checkpoint, path);
  const torch::NoGradGuard no_grad;
  torch::jit::Module module = torch::jit::load(path.string());
  for (const auto& [batch, length] : {std::pair{1, 1}, {4, 3}, {2, 11}}) {
    const torch::Tensor clips = clips_of(batch, length);
    const torch::Tensor expected = checkpoint.model->forward(clips);
    const torch::Tensor found = module.forward({clips}).toTensor();
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_LT((found - expected).abs().max().item<double>(),
              tolerance * (1 + expected.abs().max().item<double>()));
  }
}

TEST(Export, GivesTheLogitsOfEveryEncoder) {
  for (const EncoderType type :
       {EncoderType::small_cnn, EncoderType::dense, EncoderType::resnet18, EncoderType::resnet50,
        EncoderType::mobilenet_v2, EncoderType::squeezenet1_1, EncoderType::efficientnet_lite0}) {
    SCOPED_TRACE(Names<EncoderType>::kSpellings[static_cast<std::size_t>(type)]);
    ModelSettings model;
    model.encoder.type = type;
    model.temporal.hidden = 8;
    expect_same_logits(example(model));
  }
}

TEST(Export, GivesTheLogitsOfEveryTemporalHeadAndPooling) {
  for (const TemporalType type : {TemporalType::lstm, TemporalType::gru, TemporalType::mean}) {
    for (const TemporalPool pool :
         {TemporalPool::last, TemporalPool::mean, TemporalPool::max, TemporalPool::attention}) {
      for (const bool deep : {false, true}) {
        ModelSettings model;
        model.encoder.channels = {4, 6};
        model.temporal.type = type;
        model.temporal.pool = pool;
        model.temporal.hidden = 5;
        model.temporal.layers = deep ? 2 : 1;
        model.temporal.bidirectional = deep;
        SCOPED_TRACE(::testing::Message()
                     << static_cast<int>(type) << " " << static_cast<int>(pool) << " " << deep);
        expect_same_logits(example(model));
      }
    }
  }
}

TEST(Export, StandardisesJoinsDifferencesAndProjectsFeatures) {
  for (const bool standardize : {false, true}) {
    for (const bool differences : {false, true}) {
      for (const int projection : {0, 7}) {
        ModelSettings model;
        model.encoder.channels = {4, 6};
        model.temporal.standardize = standardize;
        model.temporal.differences = differences;
        model.temporal.projection = projection;
        expect_same_logits(example(model));
      }
    }
  }
}

TEST(Export, HasTheFirstStagesOfANetwork) {
  ModelSettings model;
  model.encoder.type = EncoderType::resnet18;
  model.encoder.stages = 3;
  model.encoder.grid = 2;
  expect_same_logits(example(model));
}

TEST(Export, TakesEncodersThatAreTorchScript) {
  ACTREC_NEED_TORCH_FILES();
  for (const char* name : {"scripted.pt", "traced.pt", "frozen.pt"}) {
    SCOPED_TRACE(name);
    ModelSettings model;
    model.encoder.type = EncoderType::torchscript;
    model.encoder.weights = torch_files() / name;
    expect_same_logits(example(model));
  }
}

TEST(Export, RoundsTheFeaturesOfAFrozenEncoder) {
  ModelSettings model;
  model.encoder.channels = {4, 6};
  model.encoder.trainable = TrainableStages::none();
  expect_same_logits(example(model), 1e-3);
}

TEST(Export, KeepsNamesAndDescribesItself) {
  ModelSettings model;
  model.encoder.type = EncoderType::mobilenet_v2;
  model.temporal.hidden = 4;
  const Checkpoint checkpoint = example(model);
  TemporaryDirectory directory;
  export_torchscript(checkpoint, directory / "m.pt");
  torch::jit::ExtraFilesMap files{{kExportDescription, ""}};
  const torch::jit::Module module = torch::jit::load((directory / "m.pt").string(), c10::nullopt, files);
  std::set<std::string> names, expected{"pixel_scale", "pixel_shift"};
  for (const auto& parameter : module.named_parameters()) names.insert(parameter.name);
  for (const auto& buffer : module.named_buffers()) names.insert(buffer.name);
  for (const auto& parameter : checkpoint.model->named_parameters()) expected.insert(parameter.key());
  for (const auto& buffer : checkpoint.model->named_buffers()) expected.insert(buffer.key());
  EXPECT_EQ(names, expected);
  const auto description = nlohmann::json::parse(files.at(kExportDescription));
  EXPECT_EQ(description.at("classes"), (nlohmann::json{"a", "b\u00fc", "c"}));
  EXPECT_EQ(description.at("normalization").at("mean"), (nlohmann::json{0.1, 0.2, 0.3}));
  EXPECT_EQ(description.at("clip").at("size"), (nlohmann::json{kSize, kSize + 4}));
  EXPECT_EQ(description.at("clip").at("frames"), checkpoint.info.settings.clip.frames);
  EXPECT_EQ(description.at("feature_map"), (nlohmann::json{1, 1}));  // 20 x 24 / 32, rounded up
}

TEST(Export, RefusesFramesOfAnotherSize) {
  ModelSettings model;
  model.encoder.channels = {4, 6};
  TemporaryDirectory directory;
  export_torchscript(example(model), directory / "m.pt");
  torch::jit::Module module = torch::jit::load((directory / "m.pt").string());
  EXPECT_ANY_THROW(module.forward({clips_of(2, 3).transpose(2, 3)}));
}

TEST(Export, TellsWhereItCannotWrite) {
  ModelSettings model;
  model.encoder.channels = {4, 6};
  EXPECT_THROW(export_torchscript(example(model), "/no/such/folder/m.pt"), Error);
}

}  // namespace
}  // namespace actrec
