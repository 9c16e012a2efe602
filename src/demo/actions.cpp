#include "demo/actions.h"

#include <algorithm>
#include <cmath>

namespace actrec {
namespace {

constexpr double kAnkle = 0.035;  // height of the ankle joint

double degrees(double value) { return value * CV_PI / 180; }
double smooth(double v) {
  v = std::clamp(v, 0.0, 1.0);
  return v * v * (3 - 2 * v);
}
double mix(double a, double b, double t) { return a + (b - a) * t; }
int random_sign(KeyedRandom& random) { return random.chance(0.5) ? 1 : -1; }

}  // namespace

Timing::Timing(KeyedRandom& random) {
  frames_ = 32 + static_cast<int>(random.below(17));
  length_ = frames_ * random.uniform(0.5, 0.8);
  start_ = random.uniform(0.0, 1.0) * (frames_ - 1 - length_);
  skew_ = random.uniform(-0.5, 0.5);
}

double Timing::phase(int frame, bool forwards) const {
  const double v = std::clamp((frame - start_) / length_, 0.0, 1.0);
  const double done = smooth(v + skew_ * v * (1 - v));
  return forwards ? done : 1 - done;
}

Performance::Performance(Movement movement, const Body& body, KeyedRandom& random)
    : movement_(movement), body_(body) {
  yaw_ = degrees(random.uniform(-15, 15));
  extent_ = 0;
  rest_ = degrees(random.uniform(6, 16));
  stance_ = body.hip_half + random.uniform(0.0, 0.03);
  forward_ = degrees(random.uniform(0, 25));
  steps_ = 2 + static_cast<int>(random.below(2));
  lean_ = degrees(random.uniform(18, 38));
  hands_ = random.uniform(-0.6, -0.35);
  chair_.seat = body.leg * random.uniform(0.5, 0.6);
  chair_.back = random.chance(0.7);
  const double hue = random.uniform(0.5, 1.0);
  chair_.colour = cv::Scalar(random.uniform(30, 110), random.uniform(50, 150), random.uniform(90, 200)) * hue;
  switch (movement) {
    case Movement::raise_arm:
      extent_ = degrees(random.uniform(145, 175));
      break;
    case Movement::step:
      extent_ = random.uniform(0.5, 0.75);
      break;
    case Movement::stand_up:
      yaw_ = random_sign(random) * degrees(random.uniform(60, 85));
      break;
    case Movement::turn:
      extent_ = degrees(random.uniform(65, 90));
      break;
  }
}

Pose Performance::pose(double phase) const {
  switch (movement_) {
    case Movement::raise_arm:
      return raise_arm(phase);
    case Movement::step:
      return step(phase);
    case Movement::stand_up:
      return stand_up(phase);
    case Movement::turn:
      break;
  }
  return turn(phase);
}

Pose Performance::standing() const {
  Pose pose;
  pose.yaw = yaw_;
  pose.pelvis = {0, kAnkle + 0.985 * body_.leg, 0};
  pose.lean = 0.03;
  for (int i = 0; i < 2; ++i) {
    const double side = i == 0 ? -1 : 1;
    pose.ankle[i] = {side * stance_, kAnkle, 0};
    pose.hand[i] = cv::Point3d(side * std::sin(rest_), -std::cos(rest_), 0.12) * 0.96;
    pose.elbow_back[i] = 0.8;
  }
  return pose;
}

Pose Performance::raise_arm(double phase) const {
  Pose pose = standing();
  const double angle = mix(rest_, extent_, phase);
  const double forward = forward_ * std::sin(CV_PI * phase);
  // Always the arm on the viewer's left.
  pose.hand[0] = cv::Point3d(-std::sin(angle) * std::cos(forward), -std::cos(angle),
                             0.12 + std::sin(angle) * std::sin(forward)) *
                 (0.96 - 0.06 * std::sin(CV_PI * phase));
  pose.elbow_back[0] = mix(0.8, 0.0, phase);
  pose.side_lean = 0.08 * phase;
  return pose;
}

Pose Performance::step(double phase) const {
  Pose pose = standing();
  const double stride = extent_ / steps_;
  const double position = phase * steps_;
  const double index = std::min(std::floor(position), steps_ - 1.0);
  const double within = position - index;
  // The foot on the viewer's right goes first and the other one closes up; backwards it is the other
  // one that leads, so both directions look like a side step.
  const double moved[2] = {index + smooth(2 * within - 1), index + smooth(2 * within)};
  const double lift[2] = {std::max(0.0, -std::sin(2 * CV_PI * within)),
                          std::max(0.0, std::sin(2 * CV_PI * within))};
  pose.pelvis.x = stride * (moved[0] + moved[1]) / 2 - extent_ / 2;
  const double apart = moved[1] - moved[0];
  pose.pelvis.y -= 0.02 * apart;
  for (int i = 0; i < 2; ++i) {
    pose.ankle[i].x += stride * moved[i] - extent_ / 2;
    pose.ankle[i].y += 0.045 * lift[i];
    pose.hand[i].x += (i == 0 ? -1 : 1) * 0.25 * apart;
  }
  return pose;
}

Pose Performance::stand_up(double phase) const {
  Pose pose = standing();
  const double seated = 1 - phase;
  // The body's origin lies between the feet and the seat, so that neither posture is off centre.
  constexpr double kFeet = 0.12;
  pose.pelvis.y = mix(pose.pelvis.y, chair_.seat + 0.06, seated);
  pose.pelvis.z = mix(kFeet - 0.02, chair_.centre_z + kFeet - 0.02, seated);
  pose.lean += lean_ * std::sin(CV_PI * phase) + 0.04 * seated;
  for (int i = 0; i < 2; ++i) {
    const double side = i == 0 ? -1 : 1;
    pose.ankle[i].z = kFeet;
    const cv::Point3d on_knee(side * 0.05, -0.72, 0.5);
    pose.hand[i] = pose.hand[i] * phase + on_knee * seated;
    pose.elbow_back[i] = 1;
  }
  return pose;
}

Pose Performance::turn(double phase) const {
  Pose pose = standing();
  pose.yaw = yaw_ + extent_ * (2 * phase - 1);
  for (int i = 0; i < 2; ++i) {
    const double side = i == 0 ? -1 : 1;
    const double lift = std::sin(2 * CV_PI * steps_ * phase) * side;
    pose.ankle[i].y += 0.03 * std::max(0.0, lift);
    pose.hand[i] = {side * -0.06, hands_, 0.62};
    pose.elbow_back[i] = 0.9;
  }
  return pose;
}

}  // namespace actrec
