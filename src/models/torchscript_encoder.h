#pragma once

#include <torch/torch.h>

#include <filesystem>

#include "models/encoder.h"
#include "models/state.h"

namespace actrec {

// The encoder's tensor that holds the module's code, uint8.
inline constexpr const char* kTorchScriptTensor = "torchscript";
inline constexpr const char* kTorchScriptHint =
    "export the encoder in Python with torch.jit.script(encoder).save(FILE); it takes float32 [N, 3, height, "
    "width] "
    "and gives float32 [N, D] or [N, D, h, w]";

// What the tensor `torchscript` is: a whole file of torch.jit.save, or the code alone, as in a checkpoint.
enum class ScriptContent { everything, code };

// Any frame encoder exported from Python with torch.jit.script or torch.jit.trace: float32 [N, 3, H, W],
// normalised, to float32 [N, D], or [N, D, h, w], which is averaged over space. Its parameters and buffers
// are this module's, as `module.NAME`, so that they move between devices, learn and are saved like any
// others; the buffer `torchscript` is the code alone. One stage.
//
// TorchScript is a program: running the file of a stranger is running the stranger's program (without access
// to files, but with any amount of time and memory), and LibTorch's reader does not withstand damaged files
// as our own does.
class TorchScriptEncoder : public Encoder {
 public:
  // `tensors` has `torchscript`, and where that is code, all of `module.*` as well. Batch normalisation keeps
  // its statistics unless `train_batch_norm`. The module is tried on black frames of `size`. Throws
  // CheckpointError naming `path` where it is no TorchScript, fails, or gives something else.
  TorchScriptEncoder(const NamedTensors& tensors, ScriptContent content, FrameSize size,
                     bool train_batch_norm, const std::filesystem::path& path);

  torch::Tensor forward(torch::Tensor frames) override;
  std::int64_t dim() const override { return dim_; }
  std::vector<Stage> stages() const override { return {{part_}}; }
  // The module itself, whose tensors are this encoder's as long as they stay on the CPU.
  const torch::jit::Module& script() const { return script_; }

 private:
  void try_out(FrameSize size, const std::filesystem::path& path);

  torch::jit::Module script_;
  std::shared_ptr<torch::nn::Module> part_;  // the script's tensors by name, and its mode
  std::int64_t dim_ = 0;
  bool contiguous_ = false;  // the script fails on channels_last, as it does where it uses view()
};

}  // namespace actrec
