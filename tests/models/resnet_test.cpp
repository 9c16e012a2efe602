#include "models/resnet.h"

#include "encoder_reference.h"

namespace actrec {
namespace {

TEST(ResNet, With18LayersAgreesWithTorchvision) { expect_like_reference(EncoderType::resnet18); }

TEST(ResNet, With34LayersAgreesWithTorchvision) { expect_like_reference(EncoderType::resnet34); }

TEST(ResNet, With50LayersAgreesWithTorchvision) { expect_like_reference(EncoderType::resnet50); }

}  // namespace
}  // namespace actrec
