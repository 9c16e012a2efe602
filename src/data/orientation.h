#pragma once

struct AVStream;

namespace actrec {

// How a stream's display matrix turns frames: transpose first, then flip. Only right angles are applied.
struct Orientation {
  bool transpose = false;
  bool flip_x = false;
  bool flip_y = false;
};

// That of an FFmpeg stream.
Orientation stream_orientation(const AVStream& stream);

}  // namespace actrec
