#include "models/encoder_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "config/config_file.h"
#include "core/error.h"
#include "models/checkpoint_format.h"
#include "models/safetensors.h"
#include "torch_files.h"

namespace actrec {
namespace {

constexpr int kPixels = 16;

EncoderSettings small_settings() {
  EncoderSettings settings;
  settings.channels = {4, 6};
  settings.grid = 2;
  return settings;
}

std::shared_ptr<Encoder> small_encoder() {
  return make_encoder(small_settings(), FrameSize(kPixels, kPixels));
}

NamedTensors tensors_of(const torch::nn::Module& module) {
  NamedTensors tensors;
  for (const auto& tensor : state_of(module)) tensors.emplace(tensor.key(), tensor.value().detach().clone());
  return tensors;
}

std::string load(Encoder& encoder, const std::filesystem::path& path, const EncoderSettings& settings) {
  return load_encoder_weights(encoder, settings, FrameSize(kPixels, kPixels), read_encoder_weights(path));
}

// What is wrong with a file, with the hint.
std::string error_of(const std::filesystem::path& path, const EncoderSettings& settings = small_settings()) {
  const auto encoder = make_encoder(settings, FrameSize(kPixels, kPixels));
  const NamedTensors before = tensors_of(*encoder);
  try {
    load(*encoder, path, settings);
    return "";
  } catch (const CheckpointError& error) {
    for (const auto& [name, tensor] : tensors_of(*encoder))
      EXPECT_TRUE(torch::equal(tensor, before.at(name)));
    EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    return std::string(error.what()) + " | " + error.hint();
  }
}

void expect_in(const std::string& part, const std::string& whole) {
  EXPECT_NE(whole.find(part), std::string::npos) << "'" << part << "' is not in: " << whole;
}

class EncoderWeightsFile : public ::testing::Test {
 protected:
  std::filesystem::path write(const TensorFile& file) {
    write_safetensors(directory_ / "weights.safetensors", file);
    return directory_ / "weights.safetensors";
  }

  // A checkpoint's tensors and what is needed of its metadata.
  TensorFile checkpoint(const Settings& settings, Encoder& encoder, TemporalHead& head) {
    TensorFile file;
    for (const auto& [name, tensor] : tensors_of(encoder)) file.tensors["encoder." + name] = tensor;
    for (const auto& [name, tensor] : tensors_of(head)) file.tensors["temporal." + name] = tensor;
    file.tensors["classifier.weight"] = torch::zeros({3, 5});
    file.metadata = {{"format", kCheckpointFormat},
                     {"config", settings_to_json(settings).dump()},
                     {"normalization", R"({"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]})"}};
    return file;
  }

  Settings checkpoint_settings() {
    Settings settings;
    settings.model.encoder = small_settings();
    settings.model.temporal.hidden = 5;
    settings.clip.size = FrameSize(kPixels, kPixels);
    return settings;
  }

  TemporaryDirectory directory_;
};

TEST_F(EncoderWeightsFile, LoadsSafetensorsWithItsStatistics) {
  const auto source = small_encoder(), target = small_encoder();
  TensorFile file{tensors_of(*source), {{"mean", "[0.5,0.25,0.125]"}, {"std", "[0.5, 0.5, 1]"}}};
  file.tensors["fc.weight"] = torch::zeros({2, 6});
  file.tensors["classifier.1.bias"] = torch::zeros({2});
  file.metadata["architecture"] = "small_cnn";
  const auto path = write(file);
  expect_in("6 tensors of small_cnn from " + path.string(), load(*target, path, small_settings()));
  const torch::Tensor x = torch::randn({2, 3, kPixels, kPixels});
  EXPECT_TRUE(torch::equal(target->forward(x), source->forward(x)));
  const EncoderWeights weights = read_encoder_weights(path);
  EXPECT_EQ(weights.statistics->mean, (std::array<double, 3>{0.5, 0.25, 0.125}));
  EXPECT_EQ(weights.statistics->std, (std::array<double, 3>{0.5, 0.5, 1}));
}

TEST_F(EncoderWeightsFile, ListsEveryTensorThatDoesNotFit) {
  TensorFile file{tensors_of(*small_encoder()), {}};
  file.tensors.erase("blocks.0.norm.bias");
  file.tensors["blocks.0.conv.weight"] = torch::zeros({4, 3, 5, 5});
  file.tensors["blocks.1.conv.weight"] = torch::zeros({6, 4, 3, 3}, torch::kInt64);
  file.tensors["blocks.1.norm.bias"][0] = std::numeric_limits<float>::quiet_NaN();
  for (int i = 0; i < 30; ++i) file.tensors["extra." + std::to_string(i)] = torch::zeros({1});
  const std::string error = error_of(write(file));
  expect_in("blocks.0.norm.bias is missing", error);
  expect_in("blocks.0.conv.weight is [4, 3, 5, 5] instead of [4, 3, 3, 3]", error);
  expect_in("blocks.1.conv.weight has the wrong dtype", error);
  expect_in("blocks.1.norm.bias has values that are not finite", error);
  expect_in("extra.0 does not belong to the model", error);
  expect_in("and 14 more", error);
  expect_in("model.encoder.type is small_cnn", error);
}

TEST_F(EncoderWeightsFile, ConvertsHalfPrecisionAndRefusesWhatOverflows) {
  const auto source = small_encoder(), target = small_encoder();
  for (const auto type : {torch::kFloat16, torch::kBFloat16, torch::kFloat64}) {
    TensorFile file;
    for (const auto& [name, tensor] : tensors_of(*source)) file.tensors[name] = tensor.to(type);
    load(*target, write(file), small_settings());
    for (const auto& [name, tensor] : tensors_of(*target)) {
      EXPECT_EQ(tensor.scalar_type(), torch::kFloat32);
      EXPECT_TRUE(torch::equal(tensor, file.tensors.at(name).to(torch::kFloat32)));
    }
  }
  TensorFile file{tensors_of(*source), {}};
  file.tensors["blocks.0.norm.bias"] = torch::full({4}, 1e300, torch::kFloat64);
  expect_in("not finite", error_of(write(file)));
}

TEST_F(EncoderWeightsFile, RefusesWeightsOfAnotherArchitecture) {
  TensorFile file{tensors_of(*small_encoder()), {{"architecture", "mobilenet_v2"}}};
  expect_in("holds weights of mobilenet_v2, but model.encoder.type is small_cnn", error_of(write(file)));
}

TEST_F(EncoderWeightsFile, RefusesImpossibleStatistics) {
  const NamedTensors tensors = tensors_of(*small_encoder());
  const std::map<std::string, std::string> cases[] = {{{"mean", "[0,0,0]"}},
                                                      {{"mean", "[0,0,0]"}, {"std", "[1,1]"}},
                                                      {{"mean", "[0,0,0]"}, {"std", "[1,1,0]"}},
                                                      {{"mean", "[0,0,0]"}, {"std", "[1,1,-1]"}},
                                                      {{"mean", "[0,0,1e999]"}, {"std", "[1,1,1]"}},
                                                      {{"mean", "0.5 0.5 0.5"}, {"std", "[1,1,1]"}}};
  for (const auto& metadata : cases) {
    expect_in("mean and std in its metadata", error_of(write(TensorFile{tensors, metadata})));
  }
}

TEST_F(EncoderWeightsFile, TakesTheEncoderOfACheckpoint) {
  const Settings settings = checkpoint_settings();
  const auto source = small_encoder(), target = small_encoder();
  const auto head = make_temporal(settings.model.temporal, source->dim());
  const TensorFile file = checkpoint(settings, *source, *head);
  expect_in("checkpoint of actrec", load(*target, write(file), small_settings()));
  for (const auto& [name, tensor] : tensors_of(*target)) {
    EXPECT_TRUE(torch::equal(tensor, file.tensors.at("encoder." + name))) << name;
  }
  EXPECT_EQ(read_encoder_weights(write(file)).statistics->mean, (std::array<double, 3>{0.1, 0.2, 0.3}));

  EncoderSettings other = small_settings();
  other.channels = {4, 8};
  const std::string error = error_of(write(file), other);
  expect_in("small_cnn with channels [4, 6], grid 2", error);
  expect_in("small_cnn with channels [4, 8], grid 2", error);
  other = small_settings();
  other.grid = 3;
  expect_in("grid 3", error_of(write(file), other));
  other.type = EncoderType::dense;
  expect_in("the settings ask for dense with units 256 for 16x16 pixels", error_of(write(file), other));

  for (const char* key : {"config", "normalization"}) {
    TensorFile damaged = file;
    damaged.metadata[key] = "{\"nonsense\": ";
    expect_in("damaged or missing metadata", error_of(write(damaged)));
    damaged.metadata.erase(key);
    expect_in("damaged or missing metadata", error_of(write(damaged)));
  }
  TensorFile damaged = file;
  damaged.metadata["config"] = "{\"nonsense\": 1}";
  expect_in("another version of actrec", error_of(write(damaged)));
}

TEST_F(EncoderWeightsFile, LoadsWhatReadsTheSequenceWhereItIsTheSame) {
  Settings settings = checkpoint_settings();
  settings.model.temporal.standardize = true;
  settings.model.temporal.projection = 7;
  const auto encoder = small_encoder();
  FeatureInput input(settings.model.temporal, encoder->dim());
  const auto head = make_temporal(settings.model.temporal, input.dim());
  TensorFile file = checkpoint(settings, *encoder, *head);
  for (const auto& [name, tensor] : tensors_of(input)) file.tensors["input." + name] = tensor;
  const EncoderWeights weights = read_encoder_weights(write(file));

  TemporalSettings wanted = settings.model.temporal;
  wanted.input_dropout = 0.5;
  FeatureInput same_input(wanted, encoder->dim());
  const auto same = make_temporal(wanted, same_input.dim());
  expect_in("10 tensors of lstm with 1 x 5 units, pool last, standardize, projection 7 from",
            load_temporal_weights(same_input, *same, wanted, weights));
  for (const auto& [name, tensor] : tensors_of(*same)) {
    EXPECT_TRUE(torch::equal(tensor, file.tensors.at("temporal." + name))) << name;
  }
  for (const auto& [name, tensor] : tensors_of(same_input)) {
    EXPECT_TRUE(torch::equal(tensor, file.tensors.at("input." + name))) << name;
  }

  FeatureInput narrow(wanted, 3);
  EXPECT_THROW(load_temporal_weights(narrow, *same, wanted, weights), CheckpointError);
  EXPECT_EQ(load_temporal_weights(same_input, *same, wanted, EncoderWeights()), "");

  wanted.hidden = 9;
  const auto other = make_temporal(wanted, same_input.dim());
  const NamedTensors before = tensors_of(*other);
  expect_in("starts from random weights", load_temporal_weights(same_input, *other, wanted, weights));
  for (const auto& [name, tensor] : tensors_of(*other)) EXPECT_TRUE(torch::equal(tensor, before.at(name)));
}

TEST_F(EncoderWeightsFile, LoadsStateDictsOfPyTorch) {
  ACTREC_NEED_TORCH_FILES();
  for (const char* name : {"zip.pth", "legacy.pth", "nested.pth", "half.pth", "strided.pth"}) {
    const auto encoder = small_encoder();
    expect_in("PyTorch state dict", load(*encoder, torch_files() / name, small_settings()));
    const EncoderWeights weights = read_encoder_weights(torch_files() / name);
    EXPECT_FALSE(weights.statistics);
    EXPECT_EQ(weights.tensors.size(), 6u);  // without fc.
    for (const auto& [key, tensor] : tensors_of(*encoder)) {
      EXPECT_TRUE(torch::equal(tensor, weights.tensors.at(key).to(torch::kFloat32))) << name << " " << key;
    }
  }
  expect_in("is a TorchScript module, not weights of small_cnn", error_of(torch_files() / "scripted.pt"));
  expect_in("set model.encoder.type=torchscript", error_of(torch_files() / "scripted.pt"));
}

TEST_F(EncoderWeightsFile, RefusesOtherFiles) {
  EXPECT_THROW(read_encoder_weights("/nonexistent.pth"), CheckpointError);
  EXPECT_THROW(read_encoder_weights(directory_.path()), CheckpointError);
  std::ofstream(directory_ / "text.pth") << "weights";
  expect_in("neither a safetensors file nor a PyTorch file", error_of(directory_ / "text.pth"));
  expect_in("scripts/convert_weights.py", error_of(directory_ / "text.pth"));
  std::ofstream(directory_ / "text.safetensors") << "weights";
  expect_in("is not a usable safetensors file", error_of(directory_ / "text.safetensors"));
  expect_in("no tensors of an encoder", error_of(write(TensorFile{{{"fc.bias", torch::zeros({2})}}, {}})));
}

TEST(EncoderWeights, ReadsTheSharedFiles) {
  const std::filesystem::path folder = ACTREC_SOURCE_DIR "/../shared/weights";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no ../shared/weights";
  const EncoderWeights mobilenet = read_encoder_weights(folder / "mobilenet_v2.safetensors");
  EXPECT_EQ(mobilenet.architecture, "mobilenet_v2");
  EXPECT_EQ(mobilenet.tensors.size(), 260u);
  EXPECT_EQ(mobilenet.tensors.count("classifier.1.weight"), 0u);
  EXPECT_EQ(mobilenet.statistics->std, (std::array<double, 3>{0.5, 0.5, 0.5}));
  const EncoderWeights squeezenet = read_encoder_weights(folder / "squeezenet1_1_features.safetensors");
  EXPECT_EQ(squeezenet.tensors.size(), 50u);
  EXPECT_NEAR(squeezenet.statistics->std[0], 1.0 / 255, 1e-7);
}

// The files that others made fit the encoders: the shared ones, and what scripts/get_weights.sh fetched.
TEST(EncoderWeights, OfOthersFitTheEncoders) {
  int files = 0;
  for (const char* folder : {ACTREC_SOURCE_DIR "/../shared/weights", ACTREC_SOURCE_DIR "/weights"}) {
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".safetensors") continue;
      const EncoderWeights weights = read_encoder_weights(entry.path());
      const auto& names = Names<EncoderType>::kSpellings;
      const auto name = std::find(names.begin(), names.end(), weights.architecture);
      if (name == names.end()) continue;
      EncoderSettings settings;
      settings.type = static_cast<EncoderType>(name - names.begin());
      const FrameSize size(64, 64);
      const std::string sentence =
          load_encoder_weights(*make_encoder(settings, size), settings, size, weights);
      expect_in("tensors of " + weights.architecture, sentence);
      ++files;
    }
  }
  if (files == 0) GTEST_SKIP() << "no files in ../shared/weights and weights";
}

}  // namespace
}  // namespace actrec
