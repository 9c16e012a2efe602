#include "core/gpu_meter.h"

#include <gtest/gtest.h>

#include <thread>

namespace actrec {
namespace {

// tests/core/fake_nvidia.cpp
GpuMeter make_meter(int device) { return GpuMeter(device, ACTREC_FAKE_NVIDIA, ACTREC_FAKE_NVIDIA); }

void sample_again(GpuMeter& meter) {
  std::this_thread::sleep_for(GpuMeter::kInterval + std::chrono::milliseconds(1));
  meter.sample();
}

TEST(GpuMeter, TakesTheMeanOfWhatTheDeviceSaysAndTheMostMemory) {
  GpuMeter meter = make_meter(0);
  meter.sample();
  meter.sample();  // too soon
  EXPECT_DOUBLE_EQ(meter.use().busy_fraction, 0.9);
  sample_again(meter);
  EXPECT_DOUBLE_EQ(meter.use().busy_fraction, 0.95);
  EXPECT_DOUBLE_EQ(meter.use().memory_mb, 3000);
  meter.reset();
  EXPECT_EQ(meter.use().memory_mb, 0);
  sample_again(meter);
  EXPECT_DOUBLE_EQ(meter.use().busy_fraction, 0.9);
  EXPECT_DOUBLE_EQ(meter.use().memory_mb, 2000);
}

TEST(GpuMeter, FindsCudasDevice) {
  GpuMeter meter = make_meter(1);
  meter.sample();
  EXPECT_DOUBLE_EQ(meter.use().busy_fraction, 0.05);
  EXPECT_DOUBLE_EQ(meter.use().memory_mb, 1);
}

TEST(GpuMeter, KnowsNothingOfOtherDevices) {
  GpuMeter none = make_meter(-1), missing = make_meter(7), without_driver(0, "libnone.so", "libnone.so");
  for (GpuMeter* meter : {&none, &missing, &without_driver}) {
    meter->sample();
    EXPECT_EQ(meter->use().busy_fraction, 0);
    EXPECT_EQ(meter->use().memory_mb, 0);
  }
}

}  // namespace
}  // namespace actrec
