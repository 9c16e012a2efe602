#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/settings.h"
#include "models/encoder.h"
#include "models/feature_input.h"
#include "models/state.h"
#include "models/temporal.h"

namespace actrec {

// What a file has to start an encoder from: the tensors by the encoder's names, without the classifier.
struct EncoderWeights {
  // Of checkpoints: the model that the weights were trained in.
  struct Source {
    ModelSettings model;
    FrameSize size;
    NamedTensors input, temporal;  // of what reads the sequence
  };

  std::filesystem::path path;
  NamedTensors tensors;
  std::optional<PixelStatistics> statistics;  // what the pixels were normalised with, where the file says so
  std::string architecture;                   // as the file names it; empty where it does not
  std::optional<Source> source;
  std::string description;  // of the file, such as "PyTorch state dict"
};

// Reads a safetensors file with torchvision's parameter names (its metadata may give `mean` and `std`, such
// as
// "[0.5,0.5,0.5]" for pixels in 0..1, and `architecture`), a state dict of PyTorch (models/pytorch_file.h), a
// checkpoint of actrec, or a TorchScript module, which becomes the one tensor `torchscript`. The file is
// treated as hostile; only TorchScript is a program by nature (models/torchscript_encoder.h). Throws
// CheckpointError naming the file and what is wrong with it.
EncoderWeights read_encoder_weights(const std::filesystem::path& path);

// Copies the weights into `encoder`, which was made with `settings` and `size`, and returns a sentence that
// says what was loaded. A torchscript encoder has them from its making: for it, this only checks. Throws
// CheckpointError where the file is of another encoder, or tensors are missing, extra, misshapen or not
// finite.
std::string load_encoder_weights(Encoder& encoder, const EncoderSettings& settings, FrameSize size,
                                 const EncoderWeights& weights);

// For fine-tuning from a checkpoint: copies the weights of what reads the sequence (`input` and the temporal
// head) as well, where it is the same as `settings` describe. Returns a sentence that says what was done;
// empty where the weights are of no checkpoint, or there is nothing to load. Throws CheckpointError where the
// tensors do not fit.
std::string load_temporal_weights(FeatureInput& input, TemporalHead& head, const TemporalSettings& settings,
                                  const EncoderWeights& weights);

}  // namespace actrec
