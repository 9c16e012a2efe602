#pragma once

#include <opencv2/core.hpp>

namespace actrec {

// The drawn person. All lengths are in body heights; x points to the viewer's right, y up, z towards
// the viewer; the body stands at the origin of the floor. Index 0 of a pair of limbs is the one on the
// viewer's left when the person faces the viewer, index 1 the other.

struct Body {
  double shoulder_half = 0.12;  // from the spine to a shoulder joint
  double hip_half = 0.06;
  double arm = 0.40;   // shoulder to wrist
  double leg = 0.50;   // hip to ankle
  double girth = 1.0;  // scales the thickness of torso and limbs
  double head = 0.085;
  cv::Scalar skin, hair, shirt, sleeve, trousers, shoes;  // BGR, 0..255
  bool long_hair = false;
};

// Where the body's parts are, in the body's own frame (facing +z), then turned by `yaw` about the
// vertical axis. Positive yaw faces the viewer's right.
struct Pose {
  double yaw = 0;             // radians
  cv::Point3d pelvis;         // between the hip joints
  double lean = 0;            // forward tilt of the torso, radians
  double side_lean = 0;       // tilt towards +x, radians
  cv::Point3d ankle[2];       // targets, reached as far as the leg allows
  cv::Point3d hand[2];        // targets relative to the shoulder, in arm lengths
  double elbow_back[2] = {};  // 1: the elbow points backwards, 0: outwards
};

// Maps body space to the image: a viewer slightly above the floor, far away.
struct View {
  cv::Matx23d camera = cv::Matx23d::eye();  // pixels to pixels: pan, zoom, shake
  cv::Point2d floor;                        // pixel at which the body's origin stands
  double height = 80;                       // pixels to a body height

  cv::Point2d project(const cv::Point3d& point) const;
  double pixels(double length) const;  // a length's size on the image
};

struct Chair {
  double seat = 0.28;   // height of the seat
  double depth = 0.26;  // from front edge to back edge, half of it on each side of `centre_z`
  double centre_z = -0.2;
  bool back = true;
  cv::Scalar colour;
};

// Draw onto an 8-bit BGR image, anti-aliased. The chair belongs to a body with the given yaw.
void draw_shadow(cv::Mat& image, const View& view, const Pose& pose);
void draw_chair(cv::Mat& image, const View& view, const Chair& chair, double yaw);
void draw_figure(cv::Mat& image, const View& view, const Body& body, const Pose& pose);

}  // namespace actrec
