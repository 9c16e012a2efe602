#include "config/keys.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

TEST(Keys, Kinds) {
  EXPECT_EQ(key_kind("train.epochs"), KeyKind::setting);
  EXPECT_EQ(key_kind("device"), KeyKind::setting);
  EXPECT_EQ(key_kind("train"), KeyKind::section);
  EXPECT_EQ(key_kind("model.temporal"), KeyKind::section);
  EXPECT_EQ(key_kind("train.epoch"), KeyKind::unknown);
  EXPECT_EQ(key_kind("trai"), KeyKind::unknown);
  EXPECT_EQ(key_kind(""), KeyKind::unknown);
}

TEST(Keys, KnownPart) {
  EXPECT_EQ(known_part("normalize.mean"), "normalize");
  EXPECT_EQ(known_part("train.optimizer.beta"), "train.optimizer");
  EXPECT_EQ(known_part("train.epochs"), "train.epochs");
  EXPECT_EQ(known_part("clip.size.y.z"), "clip.size");
  for (const char* key : {"extends", "", ".", ".train", "trai"}) EXPECT_EQ(known_part(key), "") << key;
}

TEST(Keys, Suggestions) {
  EXPECT_EQ(suggest_key("train.epochz"), "did you mean 'train.epochs'?");
  EXPECT_EQ(suggest_key("devise"), "did you mean 'device'?");
  EXPECT_EQ(suggest_key("trian"), "did you mean 'train'?");
  EXPECT_EQ(suggest_key("trian.epochs"), "did you mean 'train.epochs'?");
  EXPECT_EQ(suggest_key("train.hidden"), "did you mean 'model.temporal.hidden'?");
  EXPECT_EQ(suggest_key("train.hiden"), "did you mean 'model.temporal.hidden'?");
  EXPECT_EQ(suggest_key("train.batch"), "did you mean 'train.batch_size'?");
  EXPECT_EQ(suggest_key("train.lr"), "");
  EXPECT_EQ(suggest_key("epochs"), "did you mean 'train.epochs'?");
  EXPECT_EQ(suggest_key("model.type"), "did you mean 'model.encoder.type' or 'model.temporal.type'?");
  EXPECT_EQ(suggest_key("clip.size.height"), "did you mean 'clip.size'?");
  EXPECT_EQ(suggest_key("model.tempral.hidden"), "did you mean 'model.temporal.hidden'?");
  EXPECT_EQ(suggest_key("something_else_entirely"), "");
  EXPECT_EQ(suggest_key(std::string(1'000'000, '.')), "");
  EXPECT_EQ(suggest_key("train." + std::string(1'000'000, 'x')), "");
}

}  // namespace
}  // namespace actrec
