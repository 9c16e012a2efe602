#include "engine/resources.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/system.h"

namespace actrec {
namespace {

TEST(ResolveDevice, TakesTheCpuWhenToldTo) { EXPECT_TRUE(resolve_device("cpu").is_cpu()); }

TEST(ResolveDevice, FallsBackOnlyForAuto) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "there is a CUDA device";
  EXPECT_TRUE(resolve_device("auto").is_cpu());
  for (const char* name : {"cuda", "cuda:0"}) {
    try {
      resolve_device(name);
      FAIL() << name;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("finds no CUDA device"), std::string::npos);
    }
  }
}

TEST(CudaDevice, IsOneOfThoseThatAreThere) {
  EXPECT_EQ(cuda_device("cuda", 1), torch::Device(torch::kCUDA, 0));
  EXPECT_EQ(cuda_device("cuda:0", 1), torch::Device(torch::kCUDA, 0));
  EXPECT_EQ(cuda_device("cuda:3", 4), torch::Device(torch::kCUDA, 3));
  // 256 would be 0 in eight bits; the last number is beyond any integer.
  for (const char* name : {"cuda:1", "cuda:128", "cuda:256", "cuda:99999999999999999999"}) {
    try {
      cuda_device(name, 1);
      FAIL() << name;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find(std::string("'") + name + "' does not exist"),
                std::string::npos)
          << error.what();
    }
  }
}

TEST(OwnCudaDevice, IsThatOfTheLocalRankOrTheOnlyOneThatIsSeen) {
  ProcessLayout layout;
  layout.size = layout.local_size = 4;
  layout.local_rank = 3;
  EXPECT_EQ(own_cuda_device(layout, 8), "cuda:3");
  EXPECT_EQ(own_cuda_device(layout, 1), "cuda:0");
  EXPECT_EQ(own_cuda_device(layout, 2), "cuda:3") << "which does not exist, and says so";
}

TEST(PlanThreads, GivesLibTorchTheBudgetWhateverTheWorkers) {
  Settings settings;
  settings.threads = 2;
  for (const int workers : {0, 1, 7}) {
    settings.data.workers = workers;
    const ThreadPlan plan = plan_threads(settings);
    EXPECT_EQ(plan.torch, 2);
    EXPECT_EQ(at::get_num_threads(), 2);
    EXPECT_EQ(plan.workers, workers);
  }
  settings.data.workers = -1;
  EXPECT_EQ(plan_threads(settings).workers, 2);
  settings.threads = 0;
  EXPECT_EQ(plan_threads(settings).torch, available_cores());
}

}  // namespace
}  // namespace actrec
