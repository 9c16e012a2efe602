#pragma once

#include <filesystem>
#include <string>

#include "engine/checkpoint.h"

namespace actrec {

// The name of the description inside an exported file (torch.jit.load's _extra_files).
constexpr const char* kExportDescription = "actrec.json";

// The checkpoint's model as TorchScript, complete from pixels to logits: uint8 RGB [B, T, H, W, 3], any B and
// T, H and W those of clip.size -> float32 [B, K]. Parameters and buffers keep their names; the normalisation
// is in the buffers pixel_scale and pixel_shift. It runs on any device it is moved to, in evaluation mode.
//
// Beside the model lies a JSON document, kExportDescription: format, version, classes (in the order of the
// logits), normalization (mean and std of pixels in 0..1, applied inside the model), clip, the settings that
// say which frames are to be given and how they are resized, and feature_map, the height and width of what a
// convolutional encoder of actrec's averages to its grid. Where clip.motion is not none, the pixels are
// motion images as data/motion.h makes them. The logits are those of one view.
//
// The file is written only after the module, read back from the bytes to be written, has given the logits of
// checkpoint.model, which is on the CPU in evaluation mode, for batches of different sizes and lengths.
// Throws Error where it has not, or where the file cannot be written.
void export_torchscript(const Checkpoint& checkpoint, const std::filesystem::path& path);

}  // namespace actrec
