#include "demo/clip.h"

#include <algorithm>
#include <cmath>

#include "demo/actions.h"
#include "demo/scene.h"

namespace actrec {
namespace {

constexpr std::uint64_t kPerformerItem = 1000;  // beside the actions' indices

cv::Scalar cloth_colour(KeyedRandom& random) {
  // One strong channel and two weak ones: saturated, and darker than the walls.
  cv::Scalar colour(random.uniform(10, 70), random.uniform(10, 70), random.uniform(10, 70));
  colour[static_cast<int>(random.below(3))] = random.uniform(90, 170);
  return colour;
}

Body make_body(std::uint64_t seed, int performer) {
  KeyedRandom random(seed, Purpose::demo, static_cast<std::uint32_t>(performer), kPerformerItem);
  Body body;
  body.shoulder_half = random.uniform(0.105, 0.14);
  body.hip_half = random.uniform(0.05, 0.07);
  body.arm = random.uniform(0.38, 0.43);
  body.leg = random.uniform(0.46, 0.52);
  body.girth = random.uniform(0.9, 1.25);
  body.head = random.uniform(0.085, 0.1);
  const cv::Scalar light(150, 180, 225), dark(55, 80, 120);
  const double tone = random.uniform();
  body.skin = light * (1 - tone) + dark * tone;
  body.hair = cv::Scalar(random.uniform(10, 70), random.uniform(20, 110), random.uniform(25, 160)) *
              random.uniform(0.5, 1.0);
  body.shirt = cloth_colour(random);
  body.sleeve = random.chance(0.7) ? body.shirt : body.skin;
  body.trousers = cloth_colour(random) * 0.75;
  body.shoes = cloth_colour(random) * 0.45;
  body.long_hair = random.chance(0.4);
  return body;
}

}  // namespace

std::vector<cv::Mat> render_clip(std::uint64_t seed, int performer, int action) {
  const Body body = make_body(seed, performer);
  const Action& kind = kActions[static_cast<std::size_t>(action)];
  KeyedRandom random(seed, Purpose::demo, static_cast<std::uint32_t>(performer),
                     static_cast<std::uint64_t>(action));
  const Timing timing(random);
  const Performance performance(kind.movement, body, random);

  View view;
  view.height = random.uniform(80, 90) * kOversampling;
  const double floor_y = random.uniform(108, 113);
  const double aside = kind.movement == Movement::step ? 4 : 7;
  view.floor = cv::Point2d(kFrameWidth / 2.0 + random.uniform(-aside, aside), floor_y) * kOversampling;

  const cv::Scalar clothes[] = {body.shirt, body.trousers, body.skin};
  const Background background(floor_y, clothes, 3, random);
  const Camera camera(random);
  const Sensor sensor(random);
  const double sway = random.uniform(0.0, 0.03), sway_angle = random.uniform(0, 2 * CV_PI);
  const double sway_cycles = random.uniform(0.5, 2.0);

  std::vector<cv::Mat> frames;
  for (int t = 0; t < timing.frames(); ++t) {
    const double time = static_cast<double>(t) / (timing.frames() - 1);
    Pose pose = performance.pose(timing.phase(t, kind.forwards));
    pose.side_lean += sway * std::sin(2 * CV_PI * sway_cycles * time + sway_angle);
    view.camera = camera.at(time);
    cv::Mat picture = background.seen_by(view.camera);
    draw_shadow(picture, view, pose);
    if (performance.needs_chair()) draw_chair(picture, view, performance.chair(), performance.yaw());
    draw_figure(picture, view, body, pose);
    frames.push_back(sensor.expose(picture, time, t));
  }
  return frames;
}

}  // namespace actrec
