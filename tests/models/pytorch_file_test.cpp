#include "models/pytorch_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "models/pickle.h"
#include "torch_files.h"

namespace actrec {
namespace {

std::string error_of(const std::filesystem::path& path) {
  try {
    read_pytorch_state(path);
    return "";
  } catch (const CheckpointError& error) {
    EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("scripts/convert_weights.py"), std::string::npos) << error.hint();
    return error.what();
  }
}

std::string error_of_bytes(const std::string& bytes) {
  TemporaryDirectory directory;
  std::ofstream(directory / "f", std::ios::binary) << bytes;
  return error_of(directory / "f");
}

// Numbers of known value: every form of the same state gives the same tensors.
void expect_state_of(const char* name, const char* reference, double tolerance = 0) {
  const auto found = read_pytorch_state(torch_files() / name);
  const auto expected = read_pytorch_state(torch_files() / reference);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (const auto& [key, tensor] : expected) {
    ASSERT_TRUE(found.count(key)) << name << " " << key;
    EXPECT_TRUE(torch::allclose(found.at(key).to(torch::kFloat32), tensor, tolerance, tolerance))
        << name << " " << key;
  }
}

TEST(PytorchFile, ReadsWhatPythonWrote) {
  ACTREC_NEED_TORCH_FILES();
  const auto state = read_pytorch_state(torch_files() / "zip.pth");
  EXPECT_EQ(state.size(), 8u);
  EXPECT_EQ(state.at("blocks.1.conv.weight").sizes(), (std::vector<std::int64_t>{6, 4, 3, 3}));
  // As torch.manual_seed(1) makes it in torch_files.py: the first draw of PyTorch's generator on the CPU.
  torch::manual_seed(1);
  const torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, 4, 3).stride(2).padding(1).bias(false));
  EXPECT_TRUE(torch::equal(state.at("blocks.0.conv.weight"), conv->weight));
}

TEST(PytorchFile, ReadsEveryFormOfAStateDict) {
  ACTREC_NEED_TORCH_FILES();
  for (const char* name : {"legacy.pth", "plain_dict.pth"}) expect_state_of(name, "zip.pth");
  for (const char* name :
       {"nested.pth", "nested_legacy.pth", "parallel.pth", "parameters.pth", "strided.pth"}) {
    expect_state_of(name, "after_step.pth");
  }
  expect_state_of("half.pth", "after_step.pth", 1e-3);
  expect_state_of("bfloat16.pth", "after_step.pth", 1e-2);
  EXPECT_EQ(read_pytorch_state(torch_files() / "half.pth").at("fc.bias").scalar_type(), torch::kFloat16);
}

TEST(PytorchFile, TellsKindsApart) {
  ACTREC_NEED_TORCH_FILES();
  EXPECT_EQ(pytorch_file_kind(torch_files() / "zip.pth"), PytorchFileKind::state_dict);
  EXPECT_EQ(pytorch_file_kind(torch_files() / "legacy.pth"), PytorchFileKind::state_dict);
  EXPECT_EQ(pytorch_file_kind(torch_files() / "scripted.pt"), PytorchFileKind::torch_script);
  EXPECT_EQ(pytorch_file_kind(ACTREC_SOURCE_DIR "/README.md"), PytorchFileKind::none);
  EXPECT_THROW(pytorch_file_kind("/nonexistent.pth"), CheckpointError);
  EXPECT_THROW(pytorch_file_kind(std::filesystem::temp_directory_path()), CheckpointError);
}

TEST(PytorchFile, SaysWhatElseAFileHolds) {
  ACTREC_NEED_TORCH_FILES();
  EXPECT_NE(error_of(torch_files() / "whole_object.pth").find("a whole Python object"), std::string::npos);
  EXPECT_NE(error_of(torch_files() / "list.pth").find("a whole Python object"), std::string::npos);
  EXPECT_NE(error_of(torch_files() / "text_inside.pth").find("'step' is not a tensor"), std::string::npos);
}

TEST(PytorchFile, SurvivesEveryTruncation) {
  ACTREC_NEED_TORCH_FILES();
  for (const char* name : {"zip.pth", "legacy.pth"}) {
    const std::string bytes = read_file(torch_files() / name);
    for (std::size_t length = 0; length < bytes.size(); length += 7) {
      EXPECT_NE(error_of_bytes(bytes.substr(0, length)), "") << name << " " << length;
    }
  }
}

TEST(PytorchFile, SurvivesEveryChangedByte) {
  ACTREC_NEED_TORCH_FILES();
  TemporaryDirectory directory;
  const auto path = directory / "f";
  for (const char* name : {"zip.pth", "legacy.pth"}) {
    const std::string bytes = read_file(torch_files() / name);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const char change : {'\x01', '\x80', '\xff'}) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ change);
        std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
        try {
          read_pytorch_state(path);  // a change within the numbers goes unnoticed
        } catch (const CheckpointError&) {
        }
      }
    }
  }
}

// A legacy file whose object is the pickle `object`, and whose storage "0" has 4 float32 numbers.
std::string legacy_file(const std::string& object) {
  const auto pickle = [](const std::string& body) { return "\x80\x02" + body + "."; };
  const std::string magic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");
  const std::string length("\x04\0\0\0\0\0\0\0", 8);
  return pickle(magic) + pickle(std::string("M\xe9\x03")) + pickle("}") + pickle(object) +
         pickle(std::string("](U\x01") + "0e") + length + std::string(16, '\0');
}

// {'w': a tensor of storage "0" with these pickled numbers}.
std::string tensor_pickle(const std::string& elements, const std::string& offset, const std::string& shape,
                          const std::string& strides) {
  return std::string("}U\x01w") +
         "ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x01" + "0U\x03" + "cpu" +
         elements + "NtQ" + offset + shape + strides + "\x89}tRs";
}

std::string number(unsigned value) {
  return std::string("J") + std::string(reinterpret_cast<char*>(&value), 4);
}
std::string list(const std::string& items) { return "(" + items + "t"; }

TEST(PytorchFile, ChecksEveryTensorAgainstItsStorage) {
  const auto file = [](unsigned elements, const std::string& offset, const std::string& shape,
                       const std::string& strides) {
    return legacy_file(tensor_pickle(number(elements), offset, list(shape), list(strides)));
  };
  const std::string zero = number(0), one = number(1), two = number(2), many = number(2'000'000'000);
  EXPECT_EQ(error_of_bytes(file(4, zero, two + two, two + one)), "");
  EXPECT_EQ(error_of_bytes(file(4, number(3), "", "")), "");
  const std::pair<std::string, const char*> cases[] = {
      {file(4, number(4), "", ""), "outside its storage"},
      {file(4, one, two + two, two + one), "outside its storage"},
      {file(4, zero, two + two, number(3) + two), "outside its storage"},
      {file(4, zero, many, zero), "outside its storage"},  // a number repeated two billion times
      {file(4, zero, many + many + many, zero + zero + zero), "outside its storage"},
      {file(4, zero, two, many), "outside its storage"},
      {file(4, zero, two, one + one), "damaged shape"},
      {file(4, number(0xffffffff), two, one), "damaged shape"},
      {file(4, zero, number(0xffffffff), one), "damaged shape"},
      {file(4, "N", two, one), "damaged shape"},
      {file(2'000'000'000, zero, two, one), "larger than the file"},
      {legacy_file("}"), "nothing uses"},
      {legacy_file("cos\nsystem\n(U\x02idtR"), "nothing uses"},
  };
  for (const auto& [bytes, reason] : cases) {
    EXPECT_NE(error_of_bytes(bytes).find(reason), std::string::npos)
        << reason << ": " << error_of_bytes(bytes);
  }
}

std::string pickle_error(const std::string& bytes) {
  try {
    const Pickle pickle(bytes);
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Pickle, ReadsNumbersAndSharedValues) {
  const Pickle pickle(std::string_view("\x80\x04(K\x07J\xfe\xff\xff\xff\x8a\x01\xff]\x94h\x00t.tail", 23));
  const auto& items = pickle.root().items;
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(items[0]->integer, 7);
  EXPECT_EQ(items[1]->integer, -2);
  EXPECT_EQ(items[2]->integer, -1);
  EXPECT_EQ(items[3], items[4]);
  EXPECT_EQ(pickle.size(), 19u);
}

TEST(Pickle, RefusesHostilePickles) {
  const std::string deep(1'000'000, ']');
  const std::pair<std::string, const char*> cases[] = {
      {"", "ends early"},
      {".", "more than it has"},
      {"(.", "more than it has"},
      {"N(a.", "more than it has"},
      {"e.", "misses a mark"},
      {"h\x01.", "does not have"},
      {"NNs.", "more than it has"},
      {"NNa.", "cannot be added to"},
      {"}NNNs.", "cannot be added to"},
      {"}(Nu.", "cannot be added to"},
      {"X\xff\xff\xff\xff.", "ends early"},
      {std::string("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), "ends early"},
      {"cos", "ends early"},
      {"I1\n.", "unknown opcode"},
      {deep + deep + deep, "over 2000000 values"},
  };
  for (const auto& [bytes, reason] : cases) {
    EXPECT_NE(pickle_error(bytes).find(reason), std::string::npos) << reason << ": " << pickle_error(bytes);
  }
  EXPECT_EQ(pickle_error(deep + std::string(999'999, 'a') + "."), "");  // a list in a list in a list ...
  EXPECT_EQ(pickle_error("]q\x01h\x01"
                         "a."),
            "");                                                 // a list that holds itself
  EXPECT_EQ(pickle_error("cposix\nsystem\nU\x02id\x85R."), "");  // read as data, never called
}

}  // namespace
}  // namespace actrec
