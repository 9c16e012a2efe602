#include "engine/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/text.h"
#include "engine/trainer.h"
#include "frame_folders.h"
#include "models/safetensors.h"
#include "temporary_directory.h"
#include "torch_files.h"

namespace actrec {
namespace {

CheckpointInfo example_info() {
  CheckpointInfo info;
  info.settings = tiny_settings();
  info.classes = {"a", "b\u00fc", "c"};
  info.statistics = {{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}};
  info.split_method = "by group";
  info.split_fingerprint = "0123456789abcdef";
  info.epoch = 7;
  info.metrics = {{"val_loss", 0.1234567890123}, {"val_top1", 0.5}};
  info.temperature = 1.2345678901234;
  info.version = ACTREC_VERSION;
  return info;
}

std::shared_ptr<Recogniser> example_model(const CheckpointInfo& info) {
  auto model = std::make_shared<Recogniser>(info.settings.model, info.settings.clip.size, 3, info.statistics);
  model->eval();
  return model;
}

std::string error_of(const std::filesystem::path& path) {
  try {
    load_checkpoint(path);
    return "";
  } catch (const CheckpointError& error) {
    return error.what();
  }
}

TEST(Checkpoint, GivesBackTheSameModelAndDescription) {
  TemporaryDirectory directory;
  const CheckpointInfo info = example_info();
  const auto model = example_model(info);
  save_checkpoint(directory / "c", *model, info);
  const Checkpoint loaded = load_checkpoint(directory / "c");
  EXPECT_EQ(loaded.info.classes, info.classes);
  EXPECT_EQ(loaded.info.statistics.mean, info.statistics.mean);
  EXPECT_EQ(loaded.info.statistics.std, info.statistics.std);
  EXPECT_EQ(loaded.info.epoch, 7);
  EXPECT_EQ(loaded.info.metrics, info.metrics);
  EXPECT_EQ(loaded.info.temperature, info.temperature);
  EXPECT_EQ(loaded.info.split_method, info.split_method);
  EXPECT_EQ(loaded.info.split_fingerprint, info.split_fingerprint);
  EXPECT_EQ(loaded.info.settings.model.encoder.channels, info.settings.model.encoder.channels);
  EXPECT_FALSE(loaded.model->is_training());
  const torch::Tensor clips = torch::randint(0, 256, {2, 4, 16, 16, 3}, torch::kUInt8);
  EXPECT_TRUE(torch::equal(loaded.model->forward(clips), model->forward(clips)));
}

TEST(Checkpoint, KnowsTheTrainingClipsOfEachClassIfItIsNewEnough) {
  TemporaryDirectory directory;
  CheckpointInfo info = example_info();
  const auto model = example_model(info);
  save_checkpoint(directory / "old", *model, info);
  EXPECT_EQ(read_safetensors(directory / "old").metadata.count("train_clips"), 0u);
  EXPECT_TRUE(load_checkpoint(directory / "old").info.train_clips.empty());
  info.train_clips = {4, 0, 9};
  save_checkpoint(directory / "new", *model, info);
  EXPECT_EQ(load_checkpoint(directory / "new").info.train_clips, info.train_clips);
  info.train_clips = {4, 9};
  save_checkpoint(directory / "wrong", *model, info);
  EXPECT_NE(error_of(directory / "wrong").find("metadata"), std::string::npos);
}

TEST(Checkpoint, HasTemperatureOneIfItIsOlderAndRefusesImpossibleOnes) {
  TemporaryDirectory directory;
  const CheckpointInfo info = example_info();
  save_checkpoint(directory / "c", *example_model(info), info);
  TensorFile file = read_safetensors(directory / "c");
  file.metadata.erase("temperature");
  write_safetensors(directory / "old", file);
  EXPECT_EQ(load_checkpoint(directory / "old").info.temperature, 1);
  for (const char* bad : {"0", "-1", "1e999", "null", "true", "\"1\"", "{"}) {
    file.metadata["temperature"] = bad;
    write_safetensors(directory / "bad", file);
    EXPECT_NE(error_of(directory / "bad").find("damaged"), std::string::npos) << bad;
  }
}

TEST(Checkpoint, ListsEveryTensorThatDoesNotFit) {
  TemporaryDirectory directory;
  const CheckpointInfo info = example_info();
  save_checkpoint(directory / "c", *example_model(info), info);
  TensorFile file = read_safetensors(directory / "c");
  file.tensors.erase("classifier.bias");
  file.tensors["encoder.blocks.0.conv.weight"] = torch::zeros({8, 3, 5, 5});
  file.tensors["extra"] = torch::zeros({1});
  write_safetensors(directory / "c", file);
  const std::string error = error_of(directory / "c");
  EXPECT_NE(error.find("classifier.bias is missing"), std::string::npos) << error;
  EXPECT_NE(error.find("encoder.blocks.0.conv.weight is [8, 3, 5, 5] instead of [8, 3, 3, 3]"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("extra does not belong to the model"), std::string::npos) << error;
}

TEST(Checkpoint, DoesNotBuildAModelThatTheFileCannotFill) {
  TemporaryDirectory directory;
  CheckpointInfo info = example_info();
  const auto model = example_model(info);
  info.settings.model.temporal.hidden = 16384;
  info.settings.model.temporal.layers = 16;
  save_checkpoint(directory / "huge", *model, info);
  EXPECT_NE(error_of(directory / "huge").find("describes a model of"), std::string::npos);
}

TEST(Checkpoint, RefusesForeignAndDamagedFiles) {
  TemporaryDirectory directory;
  TensorFile foreign;
  foreign.tensors["weight"] = torch::zeros({2});
  write_safetensors(directory / "foreign", foreign);
  EXPECT_NE(error_of(directory / "foreign").find("is not an actrec checkpoint"), std::string::npos);

  const CheckpointInfo info = example_info();
  save_checkpoint(directory / "c", *example_model(info), info);
  const TensorFile good = read_safetensors(directory / "c");
  for (const auto& [key, value] : good.metadata) {
    if (key == "format" || key == "sampling" || key == "temperature") continue;
    TensorFile damaged = good;
    damaged.metadata.erase(key);
    write_safetensors(directory / "damaged", damaged);
    EXPECT_NE(error_of(directory / "damaged").find("damaged"), std::string::npos) << key;
    damaged.metadata[key] = "{\"nonsense\": ";
    write_safetensors(directory / "damaged", damaged);
    if (key == "version" || key.rfind("split", 0) == 0) continue;  // free text
    EXPECT_NE(error_of(directory / "damaged"), "") << key;
  }
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const std::pair<const char*, std::string> hostile[] = {{"config", "{\"device\": " + deep + "}"},
                                                         {"classes", deep},
                                                         {"config", "{\"threads\": 1, \"threads\": 2}"},
                                                         {"epoch", "3.7"},
                                                         {"epoch", "true"},
                                                         {"epoch", "1e300"},
                                                         {"epoch", "-1"},
                                                         {"epoch", "2147483648"}};
  for (const auto& [key, value] : hostile) {
    TensorFile damaged = good;
    damaged.metadata[key] = value;
    write_safetensors(directory / "damaged", damaged);
    EXPECT_NE(error_of(directory / "damaged").find("damaged or missing metadata"), std::string::npos)
        << key << " " << value.substr(0, 40);
  }
  std::ofstream(directory / "text") << "hello, I am not a checkpoint";
  EXPECT_NE(error_of(directory / "text").find((directory / "text").string()), std::string::npos);
}

// Settings, a model and its file of a TorchScript encoder that is deleted once the model is made.
class TorchScriptCheckpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    if (torch_files().empty()) GTEST_SKIP() << "python3-torch is not installed";
    std::filesystem::copy_file(torch_files() / "scripted.pt", directory_ / "encoder.pt");
    settings_.model.encoder.type = EncoderType::torchscript;
    settings_.model.encoder.weights = directory_ / "encoder.pt";
  }

  TemporaryDirectory directory_;
  Settings settings_ = tiny_settings();
};

TEST_F(TorchScriptCheckpoint, NeedsNothingElseAfterTraining) {
  settings_.train.epochs = 1;
  settings_.data.cache = CacheMode::off;
  train(settings_, moving_square_splits(directory_ / "clips"), directory_.path(), {});
  std::filesystem::remove(settings_.model.encoder.weights);
  const Checkpoint loaded = load_checkpoint(directory_ / "last.safetensors");
  const torch::Tensor clips = torch::randint(0, 256, {2, 4, 16, 16, 3}, torch::kUInt8);
  const torch::Tensor logits = loaded.model->forward(clips);

  save_checkpoint(directory_ / "again", *loaded.model, loaded.info);
  EXPECT_TRUE(torch::equal(load_checkpoint(directory_ / "again").model->forward(clips), logits));

  // Another run may start from the checkpoint.
  settings_.model.encoder.weights = directory_ / "again";
  Recogniser model(settings_.model, settings_.clip.size, 2, loaded.info.statistics);
  model.eval();
  EXPECT_TRUE(torch::equal(model.encode(clips), loaded.model->encode(clips)));
}

TEST_F(TorchScriptCheckpoint, HoldsTheWeightsOfNowAndIsStrictAboutThem) {
  CheckpointInfo info = example_info();
  info.settings.model.encoder = settings_.model.encoder;
  const auto model = example_model(info);
  {
    torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : model->parameters()) parameter.mul_(1.5);
  }
  save_checkpoint(directory_ / "c", *model, info);
  const torch::Tensor clips = torch::randint(0, 256, {2, 4, 16, 16, 3}, torch::kUInt8);
  EXPECT_TRUE(torch::equal(load_checkpoint(directory_ / "c").model->forward(clips), model->forward(clips)));

  TensorFile file = read_safetensors(directory_ / "c");
  EXPECT_LT(file.tensors.at("encoder.torchscript").numel(), 16'000);  // code, no weights
  TensorFile damaged = file;
  damaged.tensors.erase("encoder.module.conv.weight");
  write_safetensors(directory_ / "damaged", damaged);
  EXPECT_NE(error_of(directory_ / "damaged").find("module.conv.weight is missing"), std::string::npos);
  damaged = file;
  damaged.tensors.erase("encoder.torchscript");
  write_safetensors(directory_ / "damaged", damaged);
  EXPECT_NE(error_of(directory_ / "damaged").find("holds no TorchScript module"), std::string::npos);
}

}  // namespace
}  // namespace actrec
