#pragma once

#include "data/clip_ref.h"
#include "engine/checkpoint.h"
#include "engine/explanation.h"

namespace actrec {

// Why the model takes the clip for what it takes it for: where in its frames the evidence for the most
// probable class lies, by Grad-CAM (Selvaraju et al. 2017) on the encoder's last feature map, and what the
// rest of the network says after each frame. The plain view, on the CPU. Throws ConfigError for an encoder
// without a feature map (dense, torchscript) and for Sampling::all, DataError where the clip cannot be read.
Explanation explain_clip(const Checkpoint& checkpoint, const ClipRef& clip);

}  // namespace actrec
