#include "models/safetensors.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/file_reading.h"

// File: 8 bytes little-endian header length, JSON header {name: {dtype, shape, data_offsets}}, tensor bytes.

namespace actrec {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kAlignment = 8;
constexpr std::size_t kMaxDimensions = 16;

struct DtypeName {
  const char* name;
  torch::ScalarType type;
};
constexpr DtypeName kDtypes[] = {
    {"F32", torch::kFloat32}, {"F16", torch::kFloat16}, {"BF16", torch::kBFloat16}, {"F64", torch::kFloat64},
    {"I64", torch::kInt64},   {"I32", torch::kInt32},   {"I16", torch::kInt16},     {"I8", torch::kInt8},
    {"U8", torch::kUInt8},    {"BOOL", torch::kBool},
};

const char* dtype_name(torch::ScalarType type) {
  for (const DtypeName& dtype : kDtypes) {
    if (dtype.type == type) return dtype.name;
  }
  throw std::logic_error("a dtype that safetensors does not have");
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path) {}

  TensorFile read() {
    open();
    const Json header = read_header();
    TensorFile content;
    std::set<std::pair<std::uint64_t, std::uint64_t>>
        used;  // byte ranges of the tensors, to rule out overlaps
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        read_metadata(entry, content);
      } else {
        content.tensors.emplace(name, read_tensor(name, entry, used));
      }
    }
    std::uint64_t end = 0;
    for (const auto& [first, last] : used) {
      if (first != end) fail("its tensors overlap or leave gaps");
      end = last;
    }
    if (end != data_bytes_) fail("it has bytes that belong to no tensor");
    return content;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw CheckpointError(fmt::format("{} is not a usable safetensors file: {}", path_.string(), reason),
                          "it may be damaged, incomplete, or of another kind");
  }

  void open() {
    const FileKind kind = kind_of_file(path_);
    if (kind == FileKind::missing)
      throw CheckpointError(fmt::format("{} does not exist", path_.string()), "check the path");
    if (kind == FileKind::other) fail("it is not a regular file");
    const std::string reason = open_for_reading(file_, path_);
    if (!reason.empty()) {
      throw CheckpointError(fmt::format("cannot read {}: {}", path_.string(), reason),
                            "check its permissions, and those of its directory");
    }
    file_bytes_ = std::filesystem::file_size(path_);
  }

  void read_bytes(void* target, std::uint64_t count) {
    if (!file_.read(static_cast<char*>(target), static_cast<std::streamsize>(count)))
      fail("reading it failed");
  }

  Json read_header() {
    std::uint64_t length = 0;
    if (file_bytes_ < sizeof(length)) fail("it is shorter than a header");
    read_bytes(&length, sizeof(length));
    if (length > kMaxHeaderBytes || length > file_bytes_ - sizeof(length))
      fail("its header length is impossible");
    data_start_ = sizeof(length) + length;
    data_bytes_ = file_bytes_ - data_start_;
    std::string text(length, '\0');
    read_bytes(text.data(), length);
    Json header = Json::parse(text, nullptr, false);
    if (header.is_discarded() || !header.is_object()) fail("its header is not a JSON object");
    return header;
  }

  void read_metadata(const Json& entry, TensorFile& content) const {
    if (!entry.is_object()) fail("its __metadata__ is not an object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) fail(fmt::format("its metadata '{}' is not text", key));
      content.metadata.emplace(key, value.get<std::string>());
    }
  }

  std::uint64_t unsigned_number(const Json& value, const std::string& name) const {
    if (!value.is_number_unsigned())
      fail(fmt::format("tensor '{}' has a size that is not a whole number", name));
    return value.get<std::uint64_t>();
  }

  torch::Tensor read_tensor(const std::string& name, const Json& entry,
                            std::set<std::pair<std::uint64_t, std::uint64_t>>& used) {
    if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") ||
        !entry.contains("data_offsets") || !entry["shape"].is_array() || !entry["data_offsets"].is_array() ||
        entry["data_offsets"].size() != 2 || entry["shape"].size() > kMaxDimensions) {
      fail(fmt::format("tensor '{}' is not described by dtype, shape and data_offsets", name));
    }
    const DtypeName* dtype = nullptr;
    for (const DtypeName& known : kDtypes) {
      if (entry["dtype"] == known.name) dtype = &known;
    }
    if (dtype == nullptr) {
      // dump() would call itself for each level of a hostile nesting.
      const Json& given = entry["dtype"];
      fail(fmt::format("tensor '{}' has the unknown dtype {}", name,
                       given.is_string() ? given.get<std::string>() : "that is not text"));
    }

    const std::uint64_t first = unsigned_number(entry["data_offsets"][0], name);
    const std::uint64_t last = unsigned_number(entry["data_offsets"][1], name);
    if (first > last || last > data_bytes_) fail(fmt::format("tensor '{}' lies outside the file", name));
    std::vector<std::int64_t> shape;
    std::uint64_t bytes = c10::elementSize(dtype->type);
    for (const Json& dimension : entry["shape"]) {
      const std::uint64_t size = unsigned_number(dimension, name);
      if (size > data_bytes_ || (size != 0 && bytes > data_bytes_ / size)) {
        fail(fmt::format("tensor '{}' is larger than the file", name));
      }
      bytes *= size;
      shape.push_back(static_cast<std::int64_t>(size));
    }
    if (bytes != last - first)
      fail(fmt::format("tensor '{}' has {} bytes for its shape", name, last - first));
    if (bytes > 0 && !used.emplace(first, last).second)
      fail(fmt::format("tensor '{}' shares its bytes", name));
    // Before anything is allocated: overlapping tensors of a small file could ask for any amount of memory.
    if (bytes > data_bytes_ - claimed_) fail(fmt::format("tensor '{}' overlaps others", name));
    claimed_ += bytes;

    torch::Tensor tensor = torch::empty(shape, dtype->type);
    file_.seekg(static_cast<std::streamoff>(data_start_ + first));
    if (bytes > 0) read_bytes(tensor.data_ptr(), bytes);
    return tensor;
  }

  std::filesystem::path path_;
  std::ifstream file_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t data_start_ = 0;
  std::uint64_t data_bytes_ = 0;
  std::uint64_t claimed_ = 0;  // bytes of the tensors so far
};

}  // namespace

void write_safetensors(const std::filesystem::path& path, const TensorFile& content) {
  Json header = Json::object();
  header["__metadata__"] = content.metadata;
  std::vector<torch::Tensor> stored;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : content.tensors) {
    stored.push_back(tensor.detach().to(torch::kCPU).contiguous());
    const std::uint64_t bytes = stored.back().nbytes();
    header[name] = {{"dtype", dtype_name(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');

  AtomicFile file(path);
  const std::uint64_t length = text.size();
  file.write(&length, sizeof(length));
  file.write(text.data(), text.size());
  for (const torch::Tensor& tensor : stored) file.write(tensor.data_ptr(), tensor.nbytes());
  file.commit();
}

TensorFile read_safetensors(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace actrec
