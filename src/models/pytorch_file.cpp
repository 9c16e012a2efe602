#include "models/pytorch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <system_error>

#include "core/error.h"
#include "core/file_reading.h"
#include "models/pickle.h"
#include "models/zip_index.h"

// Zip format: PREFIX/data.pkl is the object, in which a tensor is a call of torch._utils._rebuild_tensor_v2
// with a storage by number, and PREFIX/data/NUMBER is the storage. Legacy format: five pickles (a magic
// number, a version, the machine, the object, the storages' names), then each storage as its length in
// elements and its bytes.

namespace actrec {
namespace {

using Kind = PickleValue::Kind;

constexpr std::uint64_t kMostPickleBytes = 64'000'000;
constexpr std::size_t kMostDimensions = 16;
// torch.serialization's 0x1950a86a20f9469cfc6c, as a pickle holds it.
constexpr std::string_view kLegacyMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

struct StorageType {
  const char* name;
  torch::ScalarType dtype;
};
constexpr StorageType kStorageTypes[] = {
    {"torch FloatStorage", torch::kFloat32},     {"torch HalfStorage", torch::kFloat16},
    {"torch BFloat16Storage", torch::kBFloat16}, {"torch DoubleStorage", torch::kFloat64},
    {"torch LongStorage", torch::kInt64},        {"torch IntStorage", torch::kInt32},
    {"torch ShortStorage", torch::kInt16},       {"torch CharStorage", torch::kInt8},
    {"torch ByteStorage", torch::kUInt8},        {"torch BoolStorage", torch::kBool},
};

[[noreturn]] void fail(const std::string& reason) { throw std::invalid_argument(reason); }

std::ifstream open_file(const std::filesystem::path& path, std::uint64_t& bytes) {
  const FileKind kind = kind_of_file(path);
  if (kind == FileKind::missing)
    throw CheckpointError(fmt::format("{} does not exist", path.string()), "check the path");
  std::ifstream file;
  const std::string reason =
      kind == FileKind::other ? "it is not a regular file" : open_for_reading(file, path);
  if (!reason.empty()) {
    throw CheckpointError(fmt::format("cannot read {}: {}", path.string(), reason),
                          "it must be a file with read permission, as must its directory");
  }
  bytes = std::filesystem::file_size(path);
  return file;
}

std::string read_bytes(std::ifstream& file, std::uint64_t offset, std::uint64_t count) {
  std::string bytes(count, '\0');
  file.seekg(static_cast<std::streamoff>(offset));
  if (!file.read(bytes.data(), static_cast<std::streamsize>(count))) fail("reading it failed");
  return bytes;
}

// PREFIX of PREFIX/NAME among the members; empty where there is no such member.
std::string prefix_of(const std::map<std::string, ZipMember>& members, const std::string& name) {
  for (const auto& [member, place] : members) {
    const std::size_t slash = member.find('/');
    if (slash != std::string::npos && member.substr(slash + 1) == name) return member.substr(0, slash + 1);
  }
  return "";
}

// A storage as a pickle names it: ('storage', type, key, device, elements[, view]).
struct StorageId {
  std::string key;
  torch::ScalarType dtype;
  std::uint64_t elements;
};

StorageId storage_id(const PickleValue& persistent) {
  if (!persistent.is(Kind::persistent) || persistent.items[0]->items.size() < 5) {
    fail("a tensor of it has no storage");
  }
  const std::vector<const PickleValue*>& id = persistent.items[0]->items;
  const auto type = std::find_if(std::begin(kStorageTypes), std::end(kStorageTypes),
                                 [&](const StorageType& known) { return id[1]->is_global(known.name); });
  if (type == std::end(kStorageTypes))
    fail(fmt::format("it has a storage of the unknown type {}", id[1]->text));
  if (!id[2]->is(Kind::text) || !id[4]->is(Kind::integer) || id[4]->integer < 0)
    fail("it has a damaged storage");
  if (id.size() > 5 && !id[5]->is(Kind::none)) fail("its storages are views of others");
  return {id[2]->text, type->dtype, static_cast<std::uint64_t>(id[4]->integer)};
}

class StateReader {
 public:
  explicit StateReader(const std::filesystem::path& path) : file_(open_file(path, bytes_)) {}

  std::map<std::string, torch::Tensor> read() {
    if (bytes_ < 2) fail("it is too short");
    return read_bytes(file_, 0, 2) == "PK" ? read_zip() : read_legacy();
  }

 private:
  std::map<std::string, torch::Tensor> read_zip() {
    const std::map<std::string, ZipMember> members = read_zip_index(file_, bytes_);
    const std::string prefix = prefix_of(members, "data.pkl");
    if (prefix.empty()) fail("it has no data.pkl");
    const ZipMember& object = members.at(prefix + "data.pkl");
    if (object.compressed) fail("it is compressed");
    if (object.size > kMostPickleBytes) fail("its data.pkl is too large");
    const auto order = members.find(prefix + "byteorder");
    if (order != members.end() && order->second.size == 3) fail("it was written on a big-endian machine");
    const std::string bytes = read_bytes(file_, object.offset, object.size);
    const Pickle pickle(bytes);
    for (const PickleValue& value : pickle.values()) {
      if (!value.is(Kind::persistent)) continue;
      const StorageId id = storage_id(value);
      const auto member = members.find(prefix + "data/" + id.key);
      if (member != members.end() && !member->second.compressed) places_[id.key] = member->second;
    }
    return read_state(pickle.root());
  }

  std::map<std::string, torch::Tensor> read_legacy() {
    const std::string head = read_bytes(file_, 0, std::min(bytes_, kMostPickleBytes));
    std::string_view rest = head;
    const auto next = [&] {
      Pickle pickle(rest);
      rest.remove_prefix(pickle.size());
      return pickle;
    };
    if (next().root().text != kLegacyMagic) fail("it is a pickle of something else");
    next();  // version
    next();  // machine
    const Pickle object = next();
    const Pickle keys = next();
    std::map<std::string, StorageId> stored;
    for (const PickleValue& value : object.values()) {
      if (!value.is(Kind::persistent)) continue;
      const StorageId id = storage_id(value);
      stored.emplace(id.key, id);
    }
    std::uint64_t offset = head.size() - rest.size();
    for (const PickleValue* key : keys.root().items) {
      const auto id = stored.find(key->text);
      if (id == stored.end()) fail("it has a storage that nothing uses");
      constexpr std::uint64_t kLengthBytes = 8;  // the length in front of the storage
      const std::uint64_t size = byte_size(id->second);
      if (kLengthBytes + size > bytes_ - offset) fail("it is incomplete");
      places_[id->first] = {offset + kLengthBytes, size};
      offset += kLengthBytes + size;
    }
    return read_state(object.root());
  }

  // At most what the file has.
  std::uint64_t byte_size(const StorageId& id) const {
    const std::uint64_t element = c10::elementSize(id.dtype);
    if (id.elements > bytes_ / element) fail(fmt::format("its storage {} is larger than the file", id.key));
    return id.elements * element;
  }

  // The dictionary of tensors: the object itself, or one that it holds under a usual name.
  static const PickleValue& state_in(const PickleValue& object) {
    const PickleValue* found = &object;
    for (const char* name : {"model", "model_state_dict", "state_dict"}) {  // the last one found counts
      for (std::size_t i = 0; object.is(Kind::dictionary) && i < object.items.size(); i += 2) {
        if (object.items[i]->text == name && object.items[i + 1]->is(Kind::dictionary))
          found = object.items[i + 1];
      }
    }
    if (!found->is(Kind::dictionary)) fail("it holds a whole Python object rather than a state dict");
    return *found;
  }

  std::map<std::string, torch::Tensor> read_state(const PickleValue& object) {
    const PickleValue& state = state_in(object);
    std::map<std::string, torch::Tensor> tensors;
    for (std::size_t i = 0; i < state.items.size(); i += 2) {
      const PickleValue& name = *state.items[i];
      if (!name.is(Kind::text)) fail("its state dict has a key that is not text");
      tensors.insert_or_assign(name.text, read_tensor(name.text, *state.items[i + 1]));
    }
    if (tensors.empty()) fail("its state dict is empty");
    for (const std::string wrapper : {"module.", "_orig_mod."}) {
      const auto wrapped = [&](const auto& entry) { return entry.first.rfind(wrapper, 0) == 0; };
      if (!std::all_of(tensors.begin(), tensors.end(), wrapped)) continue;
      std::map<std::string, torch::Tensor> bare;
      for (const auto& [name, tensor] : tensors) bare.emplace(name.substr(wrapper.size()), tensor);
      tensors = std::move(bare);
    }
    return tensors;
  }

  static std::vector<std::int64_t> sizes_of(const std::string& name, const PickleValue& list) {
    std::vector<std::int64_t> sizes;
    if (list.items.size() > kMostDimensions) fail(fmt::format("'{}' has too many dimensions", name));
    for (const PickleValue* size : list.items) {
      if (!size->is(Kind::integer) || size->integer < 0) fail(fmt::format("'{}' has a damaged shape", name));
      sizes.push_back(size->integer);
    }
    return sizes;
  }

  torch::Tensor read_tensor(const std::string& name, const PickleValue& entry) {
    const PickleValue* call = &entry;
    if (call->is(Kind::object) && call->items[0]->is_global("torch._utils _rebuild_parameter") &&
        !call->items[1]->items.empty()) {
      call = call->items[1]->items[0];
    }
    if (!call->is(Kind::object) || !call->items[0]->is_global("torch._utils _rebuild_tensor_v2") ||
        call->items[1]->items.size() < 4) {
      fail(fmt::format("'{}' is not a tensor that this program can read", name));
    }
    const std::vector<const PickleValue*>& arguments = call->items[1]->items;
    const torch::Tensor storage = read_storage(storage_id(*arguments[0]));
    const std::vector<std::int64_t> shape = sizes_of(name, *arguments[2]),
                                    strides = sizes_of(name, *arguments[3]);
    if (!arguments[1]->is(Kind::integer) || arguments[1]->integer < 0 || shape.size() != strides.size()) {
      fail(fmt::format("'{}' has a damaged shape", name));
    }
    const std::int64_t offset = arguments[1]->integer, available = storage.numel();
    std::int64_t elements = 1, last = offset;  // index of the last element
    if (offset > available) fail(fmt::format("'{}' lies outside its storage", name));
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == 0) return torch::empty({0}, storage.options());
      if (shape[i] > available / elements ||
          (shape[i] > 1 && strides[i] > (available - last) / (shape[i] - 1))) {
        fail(fmt::format("'{}' lies outside its storage", name));
      }
      elements *= shape[i];
      last += (shape[i] - 1) * strides[i];
    }
    if (last >= available) fail(fmt::format("'{}' lies outside its storage", name));
    return storage.as_strided(shape, strides, offset);
  }

  torch::Tensor read_storage(const StorageId& id) {
    const auto known = storages_.find(id.key);
    if (known != storages_.end()) {
      if (known->second.scalar_type() != id.dtype) fail(fmt::format("its storage {} has two types", id.key));
      return known->second;
    }
    const auto place = places_.find(id.key);
    const std::uint64_t size = byte_size(id);
    if (place == places_.end() || place->second.size != size) {
      fail(fmt::format("its storage {} is missing or has another size", id.key));
    }
    // Storages of a hostile file could overlap, and ask for any amount of memory.
    if (size > bytes_ - claimed_) fail("its storages overlap");
    claimed_ += size;
    torch::Tensor storage = torch::empty({static_cast<std::int64_t>(id.elements)}, id.dtype);
    file_.seekg(static_cast<std::streamoff>(place->second.offset));
    if (size > 0 && !file_.read(static_cast<char*>(storage.data_ptr()), static_cast<std::streamsize>(size))) {
      fail("reading it failed");
    }
    return storages_.emplace(id.key, storage).first->second;
  }

  std::uint64_t bytes_ = 0;
  std::ifstream file_;
  std::map<std::string, ZipMember> places_;
  std::map<std::string, torch::Tensor> storages_;
  std::uint64_t claimed_ = 0;  // bytes of the storages so far
};

}  // namespace

PytorchFileKind pytorch_file_kind(const std::filesystem::path& path) {
  std::uint64_t bytes = 0;
  std::ifstream file = open_file(path, bytes);
  char first[4] = {};
  file.read(first, sizeof(first));
  file.clear();
  const std::string_view start(first, sizeof(first));
  if (start == "PK\x03\x04") {
    try {
      const auto members = read_zip_index(file, bytes);
      if (!prefix_of(members, "constants.pkl").empty()) return PytorchFileKind::torch_script;
    } catch (const std::invalid_argument&) {  // reading it will say what is wrong
    }
    return PytorchFileKind::state_dict;
  }
  // A pickle of protocol 2, with the magic number behind it.
  return start.substr(0, 3) == "\x80\x02\x8a" ? PytorchFileKind::state_dict : PytorchFileKind::none;
}

std::map<std::string, torch::Tensor> read_pytorch_state(const std::filesystem::path& path) {
  try {
    return StateReader(path).read();
  } catch (const std::invalid_argument& error) {
    throw CheckpointError(
        fmt::format("{} cannot be used as a PyTorch state dict: {}", path.string(), error.what()),
        fmt::format("if Python's torch reads it, `scripts/convert_weights.py {} OUT.safetensors` "
                    "converts it",
                    path.string()));
  }
}

}  // namespace actrec
