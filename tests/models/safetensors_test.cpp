#include "models/safetensors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/text.h"
#include "temporary_directory.h"
#include "without_root.h"

namespace actrec {
namespace {

std::string file_of(const std::string& header, const std::string& data, std::uint64_t length) {
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + header + data;
}
std::string file_of(const std::string& header, const std::string& data) {
  return file_of(header, data, header.size());
}

std::string reason_for(const std::filesystem::path& path) {
  try {
    read_safetensors(path);
    return "";
  } catch (const CheckpointError& error) {
    return error.what();
  }
}

std::string error_of(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  return reason_for(path);
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  TemporaryDirectory directory;
  TensorFile written;
  for (const auto type : {torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kFloat64, torch::kInt64,
                          torch::kInt32, torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool}) {
    written.tensors[c10::toString(type)] = torch::randint(0, 2, {3, 4}).to(type);
  }
  written.tensors["scalar"] = torch::tensor(2.5f);
  written.tensors["empty"] = torch::empty({0, 3});
  written.tensors["strided"] = torch::arange(6).view({2, 3}).t();
  written.metadata = {{"classes", "[\"laufen\", \"l\u00e4cheln\"]"}, {"empty", ""}};
  write_safetensors(directory / "f", written);
  const TensorFile read = read_safetensors(directory / "f");
  EXPECT_EQ(read.metadata, written.metadata);
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    EXPECT_TRUE(torch::equal(read.tensors.at(name), tensor)) << name;
    EXPECT_EQ(read.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
  }
}

TEST(Safetensors, ReadsAFileWrittenByHand) {
  TemporaryDirectory directory;
  const float values[] = {1.5f, -2.f};
  const std::string data(reinterpret_cast<const char*>(values), sizeof(values));
  EXPECT_EQ(
      error_of(directory / "f", file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", data)),
      "");
  EXPECT_TRUE(torch::equal(read_safetensors(directory / "f").tensors.at("a"), torch::tensor({1.5f, -2.f})));
}

TEST(Safetensors, RefusesEveryHostileFileWithItsName) {
  TemporaryDirectory directory;
  const auto path = directory / "hostile";
  const std::string eight(8, 'x');
  const auto entry = [](const std::string& rest) { return R"({"a":{"dtype":"F32",)" + rest + "}}"; };
  const std::pair<std::string, const char*> cases[] = {
      {"", "shorter than a header"},
      {"abc", "shorter than a header"},
      {file_of("{}", "", 1000), "header length is impossible"},
      {file_of("{}", "", ~std::uint64_t{0}), "header length is impossible"},
      {file_of("not json", ""), "not a JSON object"},
      {file_of("[1,2]", ""), "not a JSON object"},
      {file_of(R"({"a":3})", ""), "not described"},
      {file_of(R"({"__metadata__":{"a":3}})", ""), "is not text"},
      {file_of(entry(R"("shape":[2],"data_offsets":[0,9])"), eight), "outside the file"},
      {file_of(entry(R"("shape":[2],"data_offsets":[8,0])"), eight), "outside the file"},
      {file_of(entry(R"("shape":[3],"data_offsets":[0,8])"), eight), "larger than the file"},
      {file_of(entry(R"("shape":[1],"data_offsets":[0,8])"), eight), "bytes for its shape"},
      {file_of(entry(R"("shape":[-2],"data_offsets":[0,8])"), eight), "not a whole number"},
      {file_of(entry(R"("shape":[4294967296,4294967296,4],"data_offsets":[0,8])"), eight),
       "larger than the file"},
      {file_of(entry(R"("shape":[2.5],"data_offsets":[0,8])"), eight), "not a whole number"},
      {file_of(R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", eight), "unknown dtype F99"},
      {file_of(R"({"a":{"dtype":)" + std::string(200'000, '[') + std::string(200'000, ']') +
                   R"(,"shape":[2],"data_offsets":[0,8]}})",
               eight),
       "unknown dtype that is not text"},
      {file_of(entry(R"("shape":[2],"data_offsets":[0,8])"), eight + "tail"), "belong to no tensor"},
      {file_of(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
           eight),
       "'b' overlaps"},
      {file_of(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
           eight),
       "shares its bytes"},
      {file_of(
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
           eight + eight),
       "overlap or leave gaps"},
      // Each would fit, and reading goes no further than where their sum does not: nothing is allocated
      // twice.
      {file_of(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"c":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})",
           eight),
       "'b' overlaps"},
  };
  for (const auto& [content, reason] : cases) {
    const std::string error = error_of(path, content);
    EXPECT_NE(error.find(path.string()), std::string::npos) << reason;
    EXPECT_NE(error.find(reason), std::string::npos) << error;
  }
}

TEST(Safetensors, RefusesEveryTruncation) {
  TemporaryDirectory directory;
  TensorFile written;
  written.tensors["weight"] = torch::randn({3, 3});
  written.metadata["a"] = "b";
  write_safetensors(directory / "whole", written);
  const std::string bytes = read_file(directory / "whole");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(error_of(directory / "part", bytes.substr(0, length)), "") << length;
  }
}

TEST(Safetensors, NamesAMissingFile) {
  EXPECT_THROW(read_safetensors("/nonexistent.safetensors"), CheckpointError);
  EXPECT_THROW(read_safetensors(std::filesystem::temp_directory_path()), CheckpointError);
}

TEST(Safetensors, SaysWhyAFileCannotBeOpened) {
  const TemporaryDirectory directory;
  EXPECT_NE(reason_for(directory / "none").find("does not exist"), std::string::npos);
  EXPECT_NE(reason_for(directory.path()).find("not a regular file"), std::string::npos);
  EXPECT_EQ(error_of(directory / "closed", file_of("{}", "")), "");
  std::filesystem::permissions(directory / "closed", std::filesystem::perms::none);
  const testing::WithoutRoot other_user;
  if (!other_user.works()) GTEST_SKIP() << "root may read everything, and may not become another user";
  // The directory itself is for its owner alone.
  for (const char* name : {"closed", "none"}) {
    const std::string reason = reason_for(directory / name);
    EXPECT_NE(reason.find((directory / name).string() + ": Permission denied"), std::string::npos) << reason;
  }
}

}  // namespace
}  // namespace actrec
