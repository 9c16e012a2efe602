#pragma once

#include <array>
#include <string>

#include "core/random.h"
#include "demo/figure.h"

namespace actrec {

// What can be done. Each movement is two actions: its phase runs from 0 to 1, or from 1 to 0.
enum class Movement { raise_arm, step, stand_up, turn };

struct Action {
  const char* name;
  Movement movement;
  bool forwards;  // phase 0 to 1
};

// Partners stand side by side: kActions[i] and kActions[i ^ 1]. At phase 0 the arm hangs, the figure
// stands at the viewer's left, sits, faces the viewer's left.
constexpr std::array<Action, 8> kActions = {{{"raise_arm", Movement::raise_arm, true},
                                             {"lower_arm", Movement::raise_arm, false},
                                             {"step_right", Movement::step, true},
                                             {"step_left", Movement::step, false},
                                             {"stand_up", Movement::stand_up, true},
                                             {"sit_down", Movement::stand_up, false},
                                             {"turn_right", Movement::turn, true},
                                             {"turn_left", Movement::turn, false}}};

// When the phase changes: a hold, the movement, another hold. The two holds are exchangeable and the
// easing is drawn from a family closed under time reversal, so that forwards and backwards clips show
// the same phases, equally often.
class Timing {
 public:
  explicit Timing(KeyedRandom& random);

  int frames() const { return frames_; }         // 32 to 48
  double phase(int frame, bool forwards) const;  // 0..1

 private:
  int frames_;
  double start_, length_;  // of the movement, in frames
  double skew_;            // -0.5..0.5: faster late or early
};

// How one clip's movement is done: a function of the phase alone, the same whichever way it runs.
// (A trait that depended on the direction would show it in a single frame.)
class Performance {
 public:
  Performance(Movement movement, const Body& body, KeyedRandom& random);

  Pose pose(double phase) const;
  bool needs_chair() const { return movement_ == Movement::stand_up; }
  const Chair& chair() const { return chair_; }
  double yaw() const { return yaw_; }  // of the body at phase 1/2, and of the chair

 private:
  Pose standing() const;
  Pose raise_arm(double phase) const;
  Pose step(double phase) const;
  Pose stand_up(double phase) const;
  Pose turn(double phase) const;

  Movement movement_;
  Body body_;
  double yaw_;
  double extent_;   // of the movement: arm angle at the top, distance, turn to each side
  double rest_;     // arm angle at rest, radians
  double stance_;   // distance of an ankle from the middle
  double forward_;  // how far the arm moves in front of the body, radians
  int steps_;       // side steps or shuffles
  double lean_;     // of the torso halfway between sitting and standing
  double hands_;    // where the hands are held: height in arm lengths
  Chair chair_;
};

}  // namespace actrec
