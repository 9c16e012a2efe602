#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/common.h"
#include "cli/verbs.h"
#include "config/describe.h"
#include "core/atomic_file.h"
#include "core/text.h"
#include "data/mirror_classes.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// The settings that people change first; the rest keep their defaults.
const std::vector<std::string> kStarterKeys = {"data.path",
                                               "data.split.by",
                                               "data.split.val",
                                               "data.split.test",
                                               "clip.frames",
                                               "clip.size",
                                               "clip.sampling",
                                               "augment.horizontal_flip",
                                               "augment.affine.scale",
                                               "augment.affine.translate",
                                               "augment.affine.rotate",
                                               "normalize",
                                               "model.encoder.type",
                                               "model.temporal.type",
                                               "model.temporal.hidden",
                                               "model.temporal.pool",
                                               "train.epochs",
                                               "train.batch_size",
                                               "train.learning_rate",
                                               "train.seed",
                                               "train.early_stopping.monitor",
                                               "train.early_stopping.patience"};

ExitCode init_verb(const std::string& data, const std::string& output) {
  RunArguments arguments;
  arguments.source = data;
  Settings settings = settings_of(arguments);
  const DataSplits splits = load_splits(settings);
  if (!find_mirror_classes(splits.classes).empty()) settings.augment.horizontal_flip = 0;

  const std::string config =
      fmt::format("// {} in {} classes: {}\n// split: {}; train {}, val {}, test {}\n",
                  format_count(
                      static_cast<std::int64_t>(splits.train.size() + splits.val.size() + splits.test.size()),
                      "clip"),
                  splits.classes.size(), join(splits.classes, ", "), splits.method, splits.train.size(),
                  splits.val.size(), splits.test.size()) +
      commented_config(settings, kStarterKeys);
  if (output.empty()) {
    fmt::print("{}", config);
    return ExitCode::ok;
  }
  if (fs::exists(output)) {
    throw ConfigError(fmt::format("{} already exists", output),
                      "choose another name; nothing is overwritten");
  }
  write_file_atomically(output, config);
  fmt::print("wrote {}; train with: actrec train {}\n", output, output);
  return ExitCode::ok;
}

}  // namespace

Action declare_init(CLI::App& app) {
  auto data = std::make_shared<std::string>();
  auto output = std::make_shared<std::string>();
  app.add_option("data", *data, "the data set: a folder or a list")->required()->type_name("DATA");
  app.add_option("-o,--output", *output, "file to write; the default is stdout")->type_name("CONFIG");
  return [=] { return init_verb(*data, *output); };
}

}  // namespace actrec
