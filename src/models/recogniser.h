#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "config/settings.h"
#include "models/encoder.h"
#include "models/feature_input.h"
#include "models/temporal.h"

namespace actrec {

// The whole network, from pixels to logits: CNN encoder per frame, LSTM over the frames, linear classifier
// (LRCN, Donahue et al. 2015). Parameter names start with encoder., input., temporal. and classifier.
class Recogniser : public torch::nn::Module {
 public:
  // `encoder` is the one to use; without it, one is made as settings.encoder says.
  Recogniser(const ModelSettings& settings, FrameSize size, std::int64_t classes,
             const PixelStatistics& statistics, std::shared_ptr<Encoder> encoder = nullptr);

  // Pixels, uint8 RGB [B, T, H, W, 3], or frame features [B, T, D] -> logits float32 [B, K].
  torch::Tensor forward(const torch::Tensor& clips);
  // uint8 RGB [B, T, H, W, 3] -> frame features float32 [B, T, D]. With an encoder that is to stay as it is
  // (model.encoder.trainable none) they are rounded to float16, in which they may be kept without a
  // difference.
  torch::Tensor encode(const torch::Tensor& clips);
  // The same, for clips that may be frame features [B, T, D] already.
  torch::Tensor features_of(const torch::Tensor& clips) { return clips.dim() == 5 ? encode(clips) : clips; }
  // Frame features [B, T, D], float32 or float16 -> logits [B, K].
  torch::Tensor classify(const torch::Tensor& features);
  // One more frame of a sequence, features [1, 1, D] -> logits [1, K]; `window` and `state` as in
  // TemporalHead::step().
  torch::Tensor classify_next(const torch::Tensor& features, std::int64_t window, TemporalState& state);

  // Lets so many of the encoder's last stages learn. What does not learn costs no gradient and no memory for
  // one, and is in evaluation mode even while the rest is in training mode.
  void set_trainable(TrainableStages stages);
  void train(bool on = true) override;
  using torch::nn::Module::to;
  void to(torch::Device device, bool non_blocking = false) override;

  // Layout of the encoder's input and feature maps, and so of its work: channels_last (the default) or
  // contiguous.
  // `automatic` is channels_last.
  void set_memory_format(MemoryFormat format);

  // Arithmetic of the encoder in training mode; in evaluation mode it is fp32.
  void set_precision(Precision precision) { precision_ = precision; }

  Encoder& encoder() { return *encoder_; }
  FeatureInput& input() { return *input_; }
  TemporalHead& temporal() { return *temporal_; }

  // uint8 RGB [N, H, W, 3] -> float32 [N, 3, H, W] in the memory format: (pixel / 255 - mean) / std.
  torch::Tensor normalize(const torch::Tensor& frames) const;

 private:
  FrameSize size_;
  bool features_are_rounded_;
  bool batch_norm_is_frozen_;
  std::size_t frozen_stages_ = 0;  // of the encoder, from the first
  torch::MemoryFormat memory_format_ = torch::MemoryFormat::ChannelsLast;
  Precision precision_ = Precision::fp32;
  torch::Tensor scale_, shift_;  // [W * 3], one value per pixel of a row and channel: pixel * scale + shift
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<FeatureInput> input_;
  std::shared_ptr<TemporalHead> temporal_;
  torch::nn::Dropout dropout_;
  torch::nn::Linear classifier_;
};

// How many numbers the parameters of such a Recogniser hold, without building it; for a torchscript encoder,
// at least.
std::int64_t count_parameters(const ModelSettings& settings, FrameSize size, std::int64_t classes);

}  // namespace actrec
