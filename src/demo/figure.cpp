#include "demo/figure.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace actrec {
namespace {

constexpr int kSubpixelBits = 4;
constexpr double kTilt = 0.16;     // the viewer looks down by about 9 degrees
constexpr double kOutline = 0.62;  // brightness of a part's edge against its inside

cv::Point to_subpixel(const cv::Point2d& p) {
  return {cvRound(p.x * (1 << kSubpixelBits)), cvRound(p.y * (1 << kSubpixelBits))};
}

void fill_circle(cv::Mat& image, const cv::Point2d& centre, double radius, const cv::Scalar& colour) {
  const int scaled = std::max(1, cvRound(radius * (1 << kSubpixelBits)));
  cv::circle(image, to_subpixel(centre), scaled, colour, cv::FILLED, cv::LINE_AA, kSubpixelBits);
}

struct Disc {
  cv::Point2d centre;
  double radius;
};

// The convex hull of some discs: a limb is the hull of two, the torso that of four.
void fill_hull(cv::Mat& image, const std::vector<Disc>& discs, double grow, const cv::Scalar& colour) {
  constexpr int kCorners = 16;
  std::vector<cv::Point> points;
  for (const Disc& disc : discs) {
    for (int i = 0; i < kCorners; ++i) {
      const double angle = 2 * CV_PI * i / kCorners;
      points.push_back(
          to_subpixel(disc.centre + (disc.radius + grow) * cv::Point2d(std::cos(angle), std::sin(angle))));
    }
  }
  std::vector<cv::Point> hull;
  cv::convexHull(points, hull);
  cv::fillConvexPoly(image, hull, colour, cv::LINE_AA, kSubpixelBits);
}

cv::Point3d turned(const cv::Point3d& p, double yaw) {
  const double c = std::cos(yaw), s = std::sin(yaw);
  return {p.x * c + p.z * s, p.y, p.z * c - p.x * s};
}

// The middle joint of a limb of two bones with total length `length`, bent towards `pole`. A target out
// of reach is pulled in.
cv::Point3d bend(const cv::Point3d& root, cv::Point3d& target, double length, const cv::Point3d& pole) {
  cv::Point3d reach = target - root;
  double distance = cv::norm(reach);
  const double longest = 0.995 * length;
  if (distance > longest) {
    reach *= longest / distance;
    target = root + reach;
    distance = longest;
  }
  const cv::Point3d along = reach / std::max(distance, 1e-6);
  cv::Point3d aside = pole - along * pole.dot(along);
  aside /= std::max(cv::norm(aside), 1e-6);
  const double height = std::sqrt(std::max(0.0, length * length - distance * distance)) / 2;
  return root + reach * 0.5 + aside * height;
}

struct Skeleton {
  cv::Point3d neck, head, pelvis;
  cv::Point3d shoulder[2], elbow[2], hand[2], hip[2], knee[2], ankle[2], toe[2];
};

Skeleton make_skeleton(const Body& body, const Pose& pose) {
  constexpr double kTorso = 0.30, kNeck = 0.045;
  Skeleton s;
  const cv::Point3d up(std::sin(pose.side_lean), std::cos(pose.lean) * std::cos(pose.side_lean),
                       std::sin(pose.lean));
  s.pelvis = pose.pelvis;
  s.neck = pose.pelvis + up * kTorso;
  s.head = s.neck + up * (kNeck + body.head);
  for (int i = 0; i < 2; ++i) {
    const double side = i == 0 ? -1 : 1;
    s.shoulder[i] = s.neck + cv::Point3d(side * body.shoulder_half, 0, 0) - up * 0.02;
    s.hand[i] = s.shoulder[i] + pose.hand[i] * body.arm;
    const double back = pose.elbow_back[i];
    s.elbow[i] = bend(s.shoulder[i], s.hand[i], body.arm, {side * (1 - back), -0.3 * back, -back - 0.15});
    s.hip[i] = pose.pelvis + cv::Point3d(side * body.hip_half, 0, 0);
    s.ankle[i] = pose.ankle[i];
    s.knee[i] = bend(s.hip[i], s.ankle[i], body.leg, {0.25 * side, 0, 1});
    s.toe[i] = s.ankle[i] + cv::Point3d(0.02 * side, -0.015, 0.10);
  }
  const auto turn = [&](cv::Point3d& p) { p = turned(p, pose.yaw); };
  for (cv::Point3d* p : {&s.neck, &s.head, &s.pelvis}) turn(*p);
  for (int i = 0; i < 2; ++i) {
    for (cv::Point3d* p :
         {&s.shoulder[i], &s.elbow[i], &s.hand[i], &s.hip[i], &s.knee[i], &s.ankle[i], &s.toe[i]}) {
      turn(*p);
    }
  }
  return s;
}

// Parts of the body with their depth, drawn from back to front.
class Painter {
 public:
  Painter(cv::Mat& image, const View& view) : image_(image), view_(view) {}

  Disc disc(const cv::Point3d& centre, double radius) const {
    return {view_.project(centre), view_.pixels(radius)};
  }

  void add(double depth, std::vector<Disc> discs, const cv::Scalar& colour) {
    parts_.push_back({depth, std::move(discs), colour});
  }

  void limb(const cv::Point3d& a, const cv::Point3d& b, double radius_a, double radius_b,
            const cv::Scalar& colour) {
    add((a.z + b.z) / 2, {disc(a, radius_a), disc(b, radius_b)}, colour);
  }

  void paint() {
    std::stable_sort(parts_.begin(), parts_.end(),
                     [](const Part& a, const Part& b) { return a.depth < b.depth; });
    const double edge = view_.pixels(0.011);
    for (const Part& part : parts_) {
      fill_hull(image_, part.discs, edge, part.colour * kOutline);
      fill_hull(image_, part.discs, 0, part.colour);
    }
  }

 private:
  struct Part {
    double depth;
    std::vector<Disc> discs;
    cv::Scalar colour;
  };
  cv::Mat& image_;
  const View& view_;
  std::vector<Part> parts_;
};

void draw_face(cv::Mat& image, const View& view, const Body& body, const Pose& pose, const Skeleton& s) {
  const double r = body.head;
  // A point on the head: `yaw` and `pitch` in radians from straight ahead, `out` in head radii.
  const auto on_head = [&](double yaw, double pitch, double out) {
    return cv::Point3d(std::sin(pose.yaw + yaw) * std::cos(pitch), std::sin(pitch),
                       std::cos(pose.yaw + yaw) * std::cos(pitch)) *
           (r * out);
  };
  const auto dot = [&](double yaw, double pitch, double out, double radius, const cv::Scalar& colour) {
    const cv::Point3d offset = on_head(yaw, pitch, out);
    // A mark on the far side is hidden; at the rim it still shows, which makes the profile's nose.
    if (offset.z < -0.15 * r) return;
    fill_circle(image, view.project(s.head + offset), view.pixels(radius * r), colour);
  };
  for (double side : {-0.42, 0.42}) dot(side, 0.12, 0.92, 0.15, cv::Scalar(30, 25, 25));
  dot(0, -0.12, 1.06, 0.2, body.skin * 0.8);
  for (double side : {-0.15, 0.0, 0.15}) dot(side, -0.55, 0.93, 0.1, cv::Scalar(60, 50, 130));
}

}  // namespace

cv::Point2d View::project(const cv::Point3d& point) const {
  const double x = floor.x + height * point.x;
  const double y = floor.y - height * (point.y * std::cos(kTilt) - point.z * std::sin(kTilt));
  return {camera(0, 0) * x + camera(0, 1) * y + camera(0, 2),
          camera(1, 0) * x + camera(1, 1) * y + camera(1, 2)};
}

double View::pixels(double length) const { return length * height * std::hypot(camera(0, 0), camera(1, 0)); }

void draw_shadow(cv::Mat& image, const View& view, const Pose& pose) {
  cv::Mat shaded = image.clone();
  const cv::Point3d middle = turned((pose.ankle[0] + pose.ankle[1]) * 0.5, pose.yaw);
  const cv::Point2d centre = view.project({middle.x, 0, middle.z});
  const cv::Size axes(cvRound(view.pixels(0.2) * (1 << kSubpixelBits)),
                      cvRound(view.pixels(0.045) * (1 << kSubpixelBits)));
  cv::ellipse(shaded, to_subpixel(centre), axes, 0, 0, 360, cv::Scalar(), cv::FILLED, cv::LINE_AA,
              kSubpixelBits);
  cv::addWeighted(shaded, 0.35, image, 0.65, 0, image);
}

void draw_chair(cv::Mat& image, const View& view, const Chair& chair, double yaw) {
  constexpr double kHalfWidth = 0.12, kThick = 0.035;
  const double front = chair.centre_z + chair.depth / 2, rear = chair.centre_z - chair.depth / 2;
  const auto corner = [&](double x, double y, double z) { return view.project(turned({x, y, z}, yaw)); };
  const auto bar = [&](const cv::Point2d& a, const cv::Point2d& b, double shade) {
    fill_hull(image, {{a, view.pixels(0.014)}, {b, view.pixels(0.014)}}, 0, chair.colour * shade);
  };
  for (double x : {-kHalfWidth, kHalfWidth}) {
    for (double z : {rear, front}) bar(corner(x, chair.seat, z), corner(x, 0, z), 0.55);
  }
  if (chair.back) {
    const double top = chair.seat + 0.3;
    fill_hull(image,
              {{corner(-kHalfWidth, chair.seat, rear), view.pixels(0.012)},
               {corner(kHalfWidth, chair.seat, rear), view.pixels(0.012)},
               {corner(-kHalfWidth, top, rear), view.pixels(0.012)},
               {corner(kHalfWidth, top, rear), view.pixels(0.012)}},
              0, chair.colour * 0.8);
  }
  for (double drop : {kThick, 0.0}) {
    const double y = chair.seat - drop;
    fill_hull(image,
              {{corner(-kHalfWidth, y, front), view.pixels(0.012)},
               {corner(kHalfWidth, y, front), view.pixels(0.012)},
               {corner(kHalfWidth, y, rear), view.pixels(0.012)},
               {corner(-kHalfWidth, y, rear), view.pixels(0.012)}},
              0, chair.colour * (drop > 0 ? 0.6 : 1.0));
  }
}

void draw_figure(cv::Mat& image, const View& view, const Body& body, const Pose& pose) {
  const Skeleton s = make_skeleton(body, pose);
  const double g = body.girth;
  Painter painter(image, view);
  for (int i = 0; i < 2; ++i) {
    painter.limb(s.ankle[i], s.toe[i], 0.026 * g, 0.022 * g, body.shoes);
    painter.limb(s.knee[i], s.ankle[i], 0.038 * g, 0.027 * g, body.trousers);
    painter.limb(s.hip[i], s.knee[i], 0.055 * g, 0.040 * g, body.trousers);
    painter.limb(s.shoulder[i], s.elbow[i], 0.043 * g, 0.038 * g, body.shirt);
    painter.limb(s.elbow[i], s.hand[i], 0.037 * g, 0.030 * g, body.sleeve);
    const cv::Point3d wrist = s.hand[i] + (s.hand[i] - s.elbow[i]) * 0.08;
    painter.limb(wrist, wrist, 0.040, 0.040, body.skin);
  }
  painter.limb(s.neck, s.head, 0.034, 0.034, body.skin * 0.9);
  const double torso_depth = (s.neck.z + s.pelvis.z) / 2;
  const cv::Point3d waist = s.pelvis + (s.neck - s.pelvis) * 0.1;
  painter.add(torso_depth + 0.06,  // a shirt hangs over the trousers
              {painter.disc(s.shoulder[0], 0.038 * g), painter.disc(s.shoulder[1], 0.038 * g),
               painter.disc(s.neck, 0.062 * g), painter.disc(waist, 0.068 * g),
               painter.disc(s.hip[0] + (waist - s.pelvis), 0.05 * g),
               painter.disc(s.hip[1] + (waist - s.pelvis), 0.05 * g)},
              body.shirt);
  const cv::Point3d ahead = turned({0, 0, body.head}, pose.yaw);
  if (body.long_hair) {
    // Behind the torso from the front, over the far shoulder from the side.
    painter.add(torso_depth + 0.07 - ahead.z,
                {painter.disc(s.head - ahead * 0.45, body.head * 0.95),
                 painter.disc(s.neck - ahead * 0.6, body.head * 0.6)},
                body.hair);
  }
  painter.paint();

  // The head comes last: nothing but a raised hand ever passes in front of it.
  Painter head(image, view);
  head.add(-1, {head.disc(s.head - ahead * 0.2 + cv::Point3d(0, 0.25 * body.head, 0), body.head)}, body.hair);
  head.add(0, {head.disc(s.head + ahead * 0.12 - cv::Point3d(0, 0.12 * body.head, 0), body.head * 0.9)},
           body.skin);
  head.paint();
  draw_face(image, view, body, pose, s);
}

}  // namespace actrec
