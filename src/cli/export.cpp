#include "engine/export.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/verbs.h"

namespace actrec {
namespace {

ExitCode export_verb(const std::string& checkpoint_path, const std::filesystem::path& output) {
  if (std::filesystem::exists(output)) {
    throw ConfigError(fmt::format("{} exists already", output.string()),
                      "give another name, or remove it first");
  }
  const Checkpoint checkpoint = load_checkpoint(checkpoint_path);
  export_torchscript(checkpoint, output);
  const ClipSettings& clip = checkpoint.info.settings.clip;
  fmt::print("{}: TorchScript, checked against the checkpoint\n", output.string());
  fmt::print("input   uint8 RGB [batch, frames, {}, {}, 3]\n", clip.size.height, clip.size.width);
  fmt::print("output  float32 logits [batch, {}]\n", checkpoint.info.classes.size());
  return ExitCode::ok;
}

}  // namespace

Action declare_export(CLI::App& app) {
  auto checkpoint = std::make_shared<std::string>();
  auto output = std::make_shared<std::string>();
  app.add_option("checkpoint", *checkpoint, "a checkpoint that train wrote")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_option("-o,--output", *output, "the TorchScript file to write")->required()->type_name("M.pt");
  return [=] { return export_verb(*checkpoint, *output); };
}

}  // namespace actrec
