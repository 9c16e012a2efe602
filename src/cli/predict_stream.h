#pragma once

#include <string>

#include "core/error.h"
#include "engine/checkpoint.h"
#include "engine/stream_predictor.h"

namespace actrec {

// `predict --stream`: a line of JSON on stdout for each decision, as soon as it is made, and a summary in the
// log. A file ends when it has not grown for `idle_seconds`.
ExitCode predict_stream_verb(const Checkpoint& checkpoint, const std::string& input, double idle_seconds,
                             StreamOptions options);

}  // namespace actrec
