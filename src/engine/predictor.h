#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/results.h"

namespace actrec {

// Classifies each input, a video file or a folder of numbered frames, and passes the result on as soon as it
// is known, in order. An input that cannot be used gives a Prediction with its error and does not stop the
// rest. top_k is at least 1; fewer classes give fewer labels. Device, threads and sampling are those of
// checkpoint.info.settings, which the caller may have changed; checkpoint.model is moved to the device.
// Throws ConfigError for a device that is not there, and Interrupted when the user asked to stop.
void predict(const Checkpoint& checkpoint, const std::vector<std::string>& inputs, int top_k,
             const std::function<void(const Prediction&)>& on_prediction);

}  // namespace actrec
