#include "engine/memory_format.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/text.h"
#include "frame_folders.h"
#include "models/recogniser.h"
#include "process_threads.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(MemoryFormat, FollowsTheSetting) {
  Settings settings = tiny_settings();
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    settings.train.memory_format = format;
    EXPECT_EQ(choose_memory_format(settings, torch::kCPU), format);
  }
}

TEST(MemoryFormat, SeveralProcessesTakeThatOfTheFirst) {
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    run_together(3, [&](ProcessGroup& group) {
      Settings settings = tiny_settings();
      if (group.leads()) settings.train.memory_format = format;
      EXPECT_EQ(choose_memory_format(settings, torch::kCPU, group), format) << group.rank();
    });
  }
}

TEST(MemoryFormat, AutoMeasuresOnceOnAMachine) {
  const TemporaryDirectory directory;
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("XDG_CACHE_HOME", directory.path().c_str(), 1);
  const std::filesystem::path file = directory / "actrec/contiguous_is_faster.json";
  EXPECT_NE(choose_memory_format(tiny_settings(), torch::kCPU), MemoryFormat::automatic);
  nlohmann::json known = nlohmann::json::parse(read_file(file));
  ASSERT_EQ(known.size(), 1u);
  for (const bool contiguous : {true, false}) {  // what is remembered counts
    *known.begin() = contiguous;
    write_file_atomically(file, known.dump());
    EXPECT_EQ(choose_memory_format(tiny_settings(), torch::kCPU),
              contiguous ? MemoryFormat::contiguous : MemoryFormat::channels_last);
  }
  write_file_atomically(file, "[1, 2");  // damaged: measured again
  EXPECT_NE(choose_memory_format(tiny_settings(), torch::kCPU), MemoryFormat::automatic);
  EXPECT_EQ(nlohmann::json::parse(read_file(file)).size(), 1u);
  kept.empty() ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}

TEST(MemoryFormat, BothGiveTheSameLogitsAndGradientsToRounding) {
  const Settings settings = tiny_settings();
  const torch::Tensor clips = torch::randint(0, 256, {2, 4, 16, 16, 3}, torch::kUInt8);
  std::vector<torch::Tensor> logits, gradients;
  for (const auto format : {MemoryFormat::channels_last, MemoryFormat::contiguous}) {
    torch::manual_seed(1);
    Recogniser model(settings.model, settings.clip.size, 2, {{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
    model.eval();
    model.set_memory_format(format);
    EXPECT_TRUE(model.normalize(clips.flatten(0, 1))
                    .is_contiguous(format == MemoryFormat::contiguous ? torch::MemoryFormat::Contiguous
                                                                      : torch::MemoryFormat::ChannelsLast));
    logits.push_back(model.forward(clips));
    logits.back().square().sum().backward();
    gradients.push_back(model.parameters().front().grad());
  }
  EXPECT_LT((logits[0] - logits[1]).abs().max().item<float>(), 1e-5);
  EXPECT_LT((gradients[0] - gradients[1]).abs().max().item<float>(),
            1e-4 * gradients[0].abs().max().item<float>());
}

}  // namespace
}  // namespace actrec
