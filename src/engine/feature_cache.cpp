#include "engine/feature_cache.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <utility>

#include "config/config_file.h"
#include "config/values.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/random.h"
#include "core/torch_compat.h"
#include "data/checksum.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMagic = 0x3254414546435241;  // changes with the layout

// Raise when encoders or preprocessing begin to give other numbers.
constexpr int kFeatureVersion = 1;

// Followed by frames * dim numbers of two bytes, in the machine's byte order.
struct Header {
  std::uint64_t magic = kMagic;
  std::int64_t frames = 0;
  std::int64_t dim = 0;
  std::uint64_t checksum = 0;  // of the numbers

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(frames * dim) * sizeof(at::Half); }
};

// Whether the header of a file of that size is whole.
bool read_header(std::ifstream& file, std::uint64_t size, Header& header) {
  constexpr std::int64_t kMost = 1 << 30;
  return file.read(reinterpret_cast<char*>(&header), sizeof header) && header.magic == kMagic &&
         header.frames > 0 && header.frames < kMost && header.dim > 0 && header.dim < kMost &&
         size == sizeof header + header.bytes();
}

std::uint64_t hash_of_encoder(const Recogniser& model) {
  std::string hashes;
  const auto add = [&](const auto& tensors) {
    for (const auto& named : tensors) {
      if (named.key().rfind("encoder.", 0) != 0) continue;
      const torch::Tensor value = named.value().to(torch::kCPU).contiguous();
      hashes += fmt::format("{} {:x}\n", named.key(), checksum(value.data_ptr(), value.nbytes()));
    }
  };
  add(model.named_parameters());
  add(model.named_buffers());
  return stable_hash(hashes);
}

}  // namespace

FeatureCache::FeatureCache(const fs::path& directory, std::uint64_t limit_bytes, std::string what)
    : directory_(directory, limit_bytes), what_(std::move(what)) {}

fs::path FeatureCache::file_of(const ClipRef& clip, int view) {
  // Draws depend on the clip's name.
  const std::string what =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", what_, fs::absolute(clip.path).lexically_normal().string(),
                  clip.begin_seconds, clip.end_seconds, view, view == kEvaluation ? "" : clip.name);
  return directory_.file(what, contents_.of(clip.path), "features");
}

torch::Tensor FeatureCache::find(const ClipRef& clip, int view) {
  const fs::path path = file_of(clip, view);
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  Header header;
  if (error || !read_header(file, size, header)) return {};
  torch::Tensor features = torch::empty({header.frames, header.dim}, torch::kFloat16);
  file.read(static_cast<char*>(features.data_ptr()), static_cast<std::streamsize>(header.bytes()));
  if (!file || checksum(features.data_ptr(), header.bytes()) != header.checksum) return {};
  directory_.touch(path);
  return features;
}

bool FeatureCache::contains(const ClipRef& clip, int view) {
  const fs::path path = file_of(clip, view);
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  Header header;
  return !error && read_header(file, size, header);
}

bool FeatureCache::store(const ClipRef& clip, int view, const torch::Tensor& features) {
  if (full_) return false;
  const fs::path path = file_of(clip, view);
  Header header;
  header.frames = features.size(0);
  header.dim = features.size(1);
  header.checksum = checksum(features.data_ptr(), header.bytes());
  std::string problem;
  try {
    directory_.make_room(sizeof header + header.bytes());
    create_writable_directory(path.parent_path());
    AtomicFile file(path, Durability::unsynced);
    file.write(&header, sizeof header);
    file.write(features.data_ptr(), header.bytes());
    file.commit();
    directory_.added(path, sizeof header + header.bytes());
    return true;
  } catch (const NotStored& refused) {
    problem = refused.reason;
  } catch (const Error& error) {
    problem = error.what();
  }
  full_ = true;
  spdlog::warn("features of frames cannot be kept: {}; the encoder runs in every epoch", problem);
  return false;
}

std::unique_ptr<FeatureCache> make_feature_cache(const CheckpointInfo& info, const Recogniser& model,
                                                 const torch::Device& device) {
  const Settings& settings = info.settings;
  const DataSettings& data = settings.data;
  const bool cached = data.cache == CacheMode::jpeg || data.cache == CacheMode::raw;
  if (!settings.model.encoder.trainable.is_none() || settings.train.feature_views == 0 || !cached)
    return nullptr;
  Json what = settings_to_json(settings);
  for (const char* without_effect : {"test_clips", "test_views", "on_device"})
    what["augment"].erase(without_effect);
  const Json features{{"version", kFeatureVersion},
                      {"libtorch", torch_version()},
                      {"device", device.is_cuda() ? "cuda" : "cpu"},
                      {"frames", {what["data"]["cache"], what["data"]["cache_quality"]}},
                      {"clip", what["clip"]},
                      {"augment", what["augment"]},
                      {"seed", what["train"]["seed"]},
                      {"mean", info.statistics.mean},
                      {"std", info.statistics.std},
                      {"memory_format", what["train"]["memory_format"]},
                      {"encoder", what["model"]["encoder"]},
                      {"weights", hash_of_encoder(model)}};
  try {
    return std::make_unique<FeatureCache>(cache_directory(data),
                                          static_cast<std::uint64_t>(data.cache_gb * 1e9), features.dump());
  } catch (const Error& error) {
    spdlog::warn("features of frames cannot be kept: {}; the encoder runs in every epoch", error.what());
    return nullptr;
  }
}

}  // namespace actrec
