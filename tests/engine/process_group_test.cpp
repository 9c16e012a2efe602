#include "engine/process_group.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "process_threads.h"

namespace actrec {
namespace {

TEST(ProcessGroup, OneProcessKeepsWhatItHas) {
  ProcessGroup alone;
  EXPECT_TRUE(alone.alone());
  EXPECT_TRUE(alone.leads());
  torch::Tensor tensor = torch::arange(3);
  alone.sum(tensor);
  alone.broadcast({tensor});
  EXPECT_TRUE(torch::equal(tensor, torch::arange(3)));
  EXPECT_TRUE(torch::equal(alone.gather_rows(tensor), tensor));
  EXPECT_EQ(alone.gather("text"), std::vector<std::string>{"text"});
  alone.wait_for_all();
}

TEST(ProcessGroup, SumsBroadcastsAndGathers) {
  run_together(3, [](ProcessGroup& group) {
    const int rank = group.rank();
    torch::Tensor sum = torch::tensor({1.0 * rank, 10.0 * rank}, torch::kFloat64);
    group.sum(sum);
    EXPECT_TRUE(torch::equal(sum, torch::tensor({3.0, 30.0}, torch::kFloat64)));

    const torch::Tensor state = torch::full({2, 2}, rank);
    group.broadcast({state});
    EXPECT_TRUE(torch::equal(state, torch::zeros({2, 2}, torch::kInt64)));
    EXPECT_EQ(group.broadcast("from " + std::to_string(rank)), "from 0");
    EXPECT_EQ(group.broadcast(rank == 0 ? "" : "not empty"), "");

    EXPECT_EQ(group.gather(std::string(static_cast<std::size_t>(rank), 'x')),
              (std::vector<std::string>{"", "x", "xx"}));
    // No row, one row, two rows.
    const torch::Tensor rows = group.gather_rows(torch::full({rank, 2}, rank, torch::kInt64));
    EXPECT_TRUE(torch::equal(rows, torch::tensor({1, 1, 2, 2, 2, 2}, torch::kInt64).view({3, 2})));
  });
}

TEST(ProcessGroup, ManySumsGoOnAtOnce) {
  run_together(2, [](ProcessGroup& group) {
    std::vector<torch::Tensor> tensors;
    for (int i = 0; i < 20; ++i) tensors.push_back(torch::full({1000}, 1.0 + i + group.rank()));
    std::vector<std::unique_ptr<ProcessGroup::Sum>> sums;
    for (torch::Tensor& tensor : tensors) sums.push_back(group.start_sum(tensor));
    for (const auto& sum : sums) sum->wait();
    for (int i = 0; i < 20; ++i)
      EXPECT_TRUE(torch::equal(tensors[static_cast<std::size_t>(i)], torch::full({1000}, 3.0 + 2 * i)));
  });
}

TEST(ProcessGroup, WhoLeavesIsMissedByTheOthers) {
  std::string said;
  try {
    run_together(2, [](ProcessGroup& group) {
      if (group.leads()) group.wait_for_all();
    });
  } catch (const Error& error) {
    said = error.what();
    EXPECT_NE(std::string(error.hint()).find("another process"), std::string::npos);
  }
  EXPECT_NE(said.find("rank 0 of 2: gathering failed"), std::string::npos) << said;
}

TEST(ProcessGroup, WhoDoesNotAnswerIsWaitedForNoLongerThanTheTimeout) {
  std::atomic<bool> given_up{false};
  const auto late = [&](ProcessGroup& group) {
    if (group.leads()) {
      EXPECT_THROW(group.wait_for_all(), Error);
      given_up = true;
    }
    while (!given_up) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  };
  run_together(2, late, 5);
}

}  // namespace
}  // namespace actrec
