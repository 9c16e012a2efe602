#include "report/statistics_text.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

TEST(BootstrapText, SaysWhatWasDrawnAndWarnsOfFewGroups) {
  EXPECT_EQ(bootstrap_text({true, 12, 2000}), "95 % intervals: bootstrap over 12 groups");
  EXPECT_EQ(bootstrap_text({true, 7, 2000}),
            "95 % intervals: bootstrap over 7 groups: so few groups make them too narrow");
  EXPECT_EQ(bootstrap_text({false, 48, 2000}),
            "95 % intervals: bootstrap over 48 clips: too narrow where clips share a recording or a person");
}

TEST(CalibrationText, NamesTheTemperatureWhereThereIsOne) {
  Calibration calibration;
  calibration.ece = calibration.ece_uncalibrated = 0.12345;
  EXPECT_EQ(calibration_text(calibration), "0.1235");
  calibration.temperature = 1.5;
  calibration.ece = 0.05;
  EXPECT_EQ(calibration_text(calibration), "0.0500 (0.1235 before temperature 1.5)");
}

TEST(SplitJson, ComesBack) {
  const SplitInfo split = split_from_json(split_json({"test", "by group", "0123", "", "clips.csv"}));
  EXPECT_EQ(split.data, "clips.csv");
  EXPECT_EQ(split.name, "test");
  EXPECT_EQ(split.method, "by group");
  EXPECT_EQ(split.fingerprint, "0123");
  EXPECT_EQ(split.leakage, "");
}

}  // namespace
}  // namespace actrec
