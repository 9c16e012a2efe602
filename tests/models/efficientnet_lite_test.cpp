#include "models/efficientnet_lite.h"

#include "encoder_reference.h"

namespace actrec {
namespace {

TEST(EfficientNetLite0, AgreesWithADefinitionInPyTorch) {
  expect_like_reference(EncoderType::efficientnet_lite0);
}

}  // namespace
}  // namespace actrec
