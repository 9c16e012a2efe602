#pragma once

#include <torch/torch.h>

#include <functional>
#include <vector>

#include "data/loader.h"
#include "engine/classified_clips.h"
#include "models/recogniser.h"

namespace actrec {

// Log probabilities of clips, as logits, from the mean of the probabilities over the loader's test_views() of
// each. The model is on `device` and in evaluation mode. `on_batch` hears how many clips of a view are done,
// and may be empty. Throws DataError for a clip that cannot be read, unless such clips are left out
// (bad_clips.h).
ClassifiedClips average_views(Recogniser& model, const torch::Device& device,
                              const std::vector<ClipRef>& clips, Loader& loader,
                              const std::function<void(std::int64_t clips)>& on_batch = {});

}  // namespace actrec
