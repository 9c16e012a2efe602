#include "cli/annotate.h"

#include <memory>

#include "data/frame_rate.h"
#include "data/video_walk.h"
#include "data/video_writer.h"
#include "report/annotation.h"

namespace actrec {
namespace {

constexpr int kCodecThreads = 4;

}  // namespace

void annotate_video(const ClipRef& clip, const std::vector<TimelineSegment>& timeline,
                    const std::filesystem::path& output,
                    const std::function<void(double seconds)>& progress) {
  const double end = timeline.back().end_seconds;
  const double rate = nominal_frame_rate(clip.path);
  const TimelineAnnotation annotation(timeline, end);
  VideoWalk walk(clip.path, {}, kCodecThreads);
  std::unique_ptr<VideoWriter> writer;
  double first = 0;
  while (walk.step()) {
    if (walk.time_seconds() < clip.begin_seconds) continue;
    if (walk.time_seconds() >= clip.end_seconds) break;
    cv::Mat frame = walk.frame().clone();
    if (!writer) {
      first = walk.time_seconds();
      writer =
          std::make_unique<VideoWriter>(output, VideoFormat{frame.size(), walk.header().pixel_aspect, rate});
    }
    const double time = walk.time_seconds() - first;
    annotation.draw(frame, time);
    writer->write(frame, time);
    if (progress) progress(time);
  }
  if (writer) writer->finish(end);
}

}  // namespace actrec
