#include "core/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>

namespace actrec {
namespace {

TEST(BoundedQueue, HandsOverEverythingInOrder) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(queue.push(std::make_unique<int>(i)));
    queue.close();
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(**queue.pop(), i);
  EXPECT_FALSE(queue.pop());
  producer.join();
}

TEST(BoundedQueue, GivesItemsBeforeTheError) {
  BoundedQueue<int> queue(2);
  queue.push(1);
  queue.fail(std::make_exception_ptr(std::runtime_error("broken")));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_THROW(queue.pop(), std::runtime_error);
  EXPECT_FALSE(queue.pop());
}

TEST(BoundedQueue, CancellingFreesAProducerThatWaits) {
  BoundedQueue<int> queue(1);
  queue.push(1);
  std::thread producer([&] { EXPECT_FALSE(queue.push(2)); });
  queue.cancel();
  producer.join();
  EXPECT_TRUE(queue.cancelled());
}

TEST(BoundedQueue, WaitsNoLongerThanAsked) {
  BoundedQueue<int> queue(1);
  EXPECT_FALSE(queue.wait(0.01));
  queue.push(1);
  EXPECT_TRUE(queue.wait(0.01));
  EXPECT_EQ(queue.pop(), 1);
  std::thread producer([&] { queue.close(); });
  EXPECT_TRUE(queue.wait(600));
  EXPECT_FALSE(queue.pop());
  producer.join();
}

TEST(BoundedQueue, DropsTheOldestWhereThereIsNoRoom) {
  BoundedQueue<int> queue(2);
  EXPECT_EQ(queue.push_dropping(1), 0u);
  EXPECT_EQ(queue.push_dropping(2), 0u);
  EXPECT_EQ(queue.push_dropping(3), 1u);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), 3);
}

}  // namespace
}  // namespace actrec
