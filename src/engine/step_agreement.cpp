#include "engine/step_agreement.h"

namespace actrec {

StepAgreement StepAgreement::with(ProcessGroup& group) const {
  if (group.alone()) return *this;
  torch::Tensor sums = torch::tensor({weight, static_cast<double>(clips), stop ? 1.0 : 0.0, save ? 1.0 : 0.0},
                                     torch::kFloat64);
  group.sum(sums);
  const auto sum = [&](int i) { return sums[i].item<double>(); };
  return {sum(0), static_cast<std::int64_t>(sum(1)), sum(2) > 0, sum(3) > 0};
}

}  // namespace actrec
