#pragma once

struct AVStream;

namespace actrec {

// How a stream's display matrix turns frames: transpose first, then flip. Only right angles are applied.
struct Orientation {
  bool transpose = false;
  bool flip_x = false;
  bool flip_y = false;

  // Without the mirroring that a matrix may ask for as well.
  int clockwise_degrees() const {
    if (transpose) return flip_x ? 90 : 270;
    return flip_x && flip_y ? 180 : 0;
  }
};

// That of an FFmpeg stream.
Orientation stream_orientation(const AVStream& stream);

}  // namespace actrec
