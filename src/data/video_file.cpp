#include "data/video_file.h"

#include <algorithm>
#include <cmath>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
}

#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "data/checksum.h"
#include "data/ffmpeg_pointers.h"
#include "data/frame_conversion.h"
#include "data/orientation.h"
#include "data/video_errors.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;
// Longest time that opening a file, or stepping to its next frame, may take.
constexpr int kTimeout = 60;  // seconds
// Larger frames are taken for damage: 16384 x 8192.
constexpr std::int64_t kMaxPixels = std::int64_t{1} << 27;
// Of a stream, what may be read ahead to find out what it holds: bytes and microseconds.
constexpr const char *kProbeBytes = "500000", *kProbeTime = "1000000";

int read_source(void* source, std::uint8_t* bytes, int size) {
  const std::ptrdiff_t count = static_cast<ByteSource*>(source)->read(bytes, static_cast<std::size_t>(size));
  return count > 0 ? static_cast<int>(count) : count == 0 ? AVERROR_EOF : AVERROR(EIO);
}

struct InputCloser {
  void operator()(AVIOContext* input) const {
    if (input->read_packet != read_source) return static_cast<void>(avio_closep(&input));
    av_freep(&input->buffer);
    avio_context_free(&input);
  }
};
struct FormatCloser {
  void operator()(AVFormatContext* format) const { avformat_close_input(&format); }
};

class VideoFile : public VideoReader {
 public:
  VideoFile(const fs::path& path, int threads) : path_(path), conversion_(path) {
    open_file();
    prepare(threads);
  }
  VideoFile(const std::string& name, std::unique_ptr<ByteSource> source)
      : path_(name), is_stream_(true), source_(std::move(source)), conversion_(name) {
    open_stream();
    prepare(1);
  }

  const VideoHeader& header() const override { return header_; }
  bool grab() override;
  cv::Mat retrieve() override { return turned(conversion_.to_rgb(*frame_)); }
  cv::Mat retrieve_reduced(int short_side) override {
    cv::Mat image = turned(conversion_.to_reduced_rgb(*frame_, short_side));
    return image.data == turned_.data ? image.clone() : image;
  }
  double time_seconds() const override { return time_; }
  bool at_key_frame() const override { return frame_->key_frame != 0; }
  std::optional<KeyFrame> key_frame() override;
  bool seek(const KeyFrame& key) override;
  bool damaged_since_seek() const override { return damaged_since_seek_; }

 private:
  static int out_of_time(void* self) {
    auto* const file = static_cast<VideoFile*>(self);
    return file->limit_.is_over() || (file->is_stream_ && stop_requested()) ? 1 : 0;
  }

  void open_file();
  void open_stream();
  void open_container(const std::string& url, AVDictionary* options);
  void prepare(int threads);
  void open_decoder(int threads);
  void fill_header();
  bool feed_decoder();
  bool decode_next();
  void advance_time();
  std::uint64_t checksum_of_frame() const;
  cv::Mat turned(cv::Mat image);
  [[noreturn]] void timed_out() const {
    throw DataError(path_.string() + " could not be read on within " + std::to_string(kTimeout) + " s",
                    "the file is damaged or its storage hangs; check that it plays");
  }

  fs::path path_;
  bool is_stream_ = false;
  std::unique_ptr<ByteSource> source_;  // of a stream that is no URL
  VideoHeader header_;
  TimeLimit limit_{kTimeout};
  std::unique_ptr<AVIOContext, InputCloser> input_;
  std::unique_ptr<AVFormatContext, FormatCloser> format_;
  CodecPointer codec_;
  PacketPointer packet_;
  FramePointer frame_;  // as decoded
  FrameConversion conversion_;
  AVStream* stream_ = nullptr;
  Orientation orientation_;
  cv::Mat turned_;
  bool draining_ = false;
  bool arrived_ = false;  // seek() has decoded the frame that grab() is to give next
  bool sought_ = false, damaged_since_seek_ = false;
  std::int64_t index_ = -1;
  std::int64_t first_timestamp_ = AV_NOPTS_VALUE;
  double time_ = 0;
};

void VideoFile::open_file() {
  limit_.restart();
  const AVIOInterruptCB interrupt{out_of_time, this};
  // The prefix keeps FFmpeg from taking a path with a colon for a protocol.
  const std::string url = "file:" + path_.string();
  AVIOContext* input = nullptr;
  const int found = avio_open2(&input, url.c_str(), AVIO_FLAG_READ, &interrupt, nullptr);
  if (found < 0)
    throw DataError(path_.string() + " cannot be opened: " + ffmpeg_error(found), "check its permissions");
  input_.reset(input);
  // This file and nothing else: a play list that poses as a video, or a reference inside one, must not
  // make us read other files or the network.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "none", 0);
  open_container(url, options);
}

void VideoFile::open_stream() {
  limit_.restart();
  AVDictionary* options = nullptr;
  av_dict_set(&options, "probesize", kProbeBytes, 0);
  av_dict_set(&options, "analyzeduration", kProbeTime, 0);
  av_dict_set(&options, "protocol_whitelist",
              source_ ? "none" : "rtsp,rtp,rtmp,http,https,tls,tcp,udp,crypto", 0);
  av_dict_set(&options, "rtsp_transport", "tcp", 0);
  if (source_) {
    constexpr int kBuffer = 32768;
    auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
    input_.reset(avio_alloc_context(buffer, kBuffer, 0, source_.get(), read_source, nullptr, nullptr));
    if (buffer == nullptr || !input_) throw std::bad_alloc();
  }
  open_container(source_ ? "" : path_.string(), options);
}

void VideoFile::open_container(const std::string& url, AVDictionary* options) {
  AVFormatContext* format = avformat_alloc_context();
  if (format == nullptr) throw std::bad_alloc();
  format->pb = input_.get();
  format->interrupt_callback = {out_of_time, this};
  const int opened = avformat_open_input(&format, url.c_str(), nullptr, &options);
  av_dict_free(&options);
  if (opened < 0) throw unreadable_video(path_, opened);  // FFmpeg has freed `format`
  format_.reset(format);
  // FFmpeg would also draw text files as ANSI art.
  if (std::string(format_->iformat->name) == "tty") throw unreadable_video(path_, AVERROR_INVALIDDATA);
  const int probed = avformat_find_stream_info(format_.get(), nullptr);
  if (probed < 0) throw unreadable_video(path_, probed);
}

void VideoFile::prepare(int threads) {
  open_decoder(threads);
  fill_header();
  packet_.reset(av_packet_alloc());
  frame_.reset(av_frame_alloc());
  if (!packet_ || !frame_) throw std::bad_alloc();
}

void VideoFile::open_decoder(int threads) {
  const AVCodec* decoder = nullptr;
  const int best = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  if (best == AVERROR_DECODER_NOT_FOUND) {
    throw DataError(path_.string() + " has a codec that this FFmpeg cannot decode", "convert it to H.264");
  }
  if (best < 0 || format_->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC) {
    throw DataError(path_.string() + " has no video stream", "remove it from the data set");
  }
  stream_ = format_->streams[best];
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (format_->streams[i] != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
  }
  codec_.reset(avcodec_alloc_context3(decoder));
  if (!codec_) throw std::bad_alloc();
  int status = avcodec_parameters_to_context(codec_.get(), stream_->codecpar);
  // One thread where clips are decoded side by side: more threads per clip would only cost switches.
  codec_->thread_count = threads;
  codec_->pkt_timebase = stream_->time_base;
  codec_->max_pixels = kMaxPixels;
  if (status >= 0) status = avcodec_open2(codec_.get(), decoder, nullptr);
  if (status < 0) throw unreadable_video(path_, status);
}

void VideoFile::fill_header() {
  header_.claimed_frames = std::max<std::int64_t>(0, stream_->nb_frames);
  if (stream_->duration > 0) {
    header_.duration_seconds = static_cast<double>(stream_->duration) * av_q2d(stream_->time_base);
  } else if (format_->duration > 0) {
    header_.duration_seconds = static_cast<double>(format_->duration) / AV_TIME_BASE;
  }
  const AVRational rate = av_guess_frame_rate(format_.get(), stream_, nullptr);
  if (rate.num > 0 && rate.den > 0) header_.frames_per_second = av_q2d(rate);
  header_.codec = avcodec_get_name(stream_->codecpar->codec_id);
  orientation_ = stream_orientation(*stream_);
  header_.rotation_degrees = orientation_.clockwise_degrees();
  const AVRational pixel = av_guess_sample_aspect_ratio(format_.get(), stream_, nullptr);
  if (pixel.num > 0 && pixel.den > 0)
    header_.pixel_aspect = orientation_.transpose ? 1 / av_q2d(pixel) : av_q2d(pixel);
}

// Reads the next packet of the stream into the decoder; false when there is nothing more to give it.
bool VideoFile::feed_decoder() {
  if (draining_) return false;
  for (;;) {
    if (limit_.is_over()) timed_out();
    const int status = av_read_frame(format_.get(), packet_.get());
    if (status == AVERROR(EAGAIN)) continue;
    if (status < 0) {
      if (limit_.is_over()) timed_out();
      // The end, or damage that the container cannot be read beyond: what was read so far still counts.
      draining_ = true;
      avcodec_send_packet(codec_.get(), nullptr);
      return true;
    }
    if (packet_->stream_index == stream_->index) {
      // A damaged packet is reported here; the ones after it may be good.
      avcodec_send_packet(codec_.get(), packet_.get());
      av_packet_unref(packet_.get());
      return true;
    }
    av_packet_unref(packet_.get());
  }
}

bool VideoFile::grab() {
  limit_.restart();
  if (std::exchange(arrived_, false)) return true;
  if (!decode_next()) return false;
  advance_time();
  return true;
}

// Decodes the next frame into frame_; false at the end.
bool VideoFile::decode_next() {
  for (;;) {
    const int status = avcodec_receive_frame(codec_.get(), frame_.get());
    if (status >= 0) break;
    if (status == AVERROR_EOF) return false;
    // AVERROR(EAGAIN) asks for a packet; any other error is a damaged packet's.
    if (!feed_decoder() && status == AVERROR(EAGAIN)) return false;
    if (limit_.is_over()) timed_out();
  }
  const bool damaged = frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0;
  damaged_since_seek_ = damaged_since_seek_ || (sought_ && damaged);
  return true;
}

std::optional<KeyFrame> VideoFile::key_frame() {
  const std::int64_t timestamp = frame_->best_effort_timestamp;
  if (frame_->key_frame == 0 || timestamp == AV_NOPTS_VALUE || first_timestamp_ == AV_NOPTS_VALUE)
    return std::nullopt;
  return KeyFrame{0, time_, timestamp, first_timestamp_, checksum_of_frame()};
}

// Of the first plane, the brightness in most formats: enough to tell frames apart.
std::uint64_t VideoFile::checksum_of_frame() const {
  const int bytes = av_image_get_linesize(static_cast<AVPixelFormat>(frame_->format), frame_->width, 0);
  std::uint64_t sum = 0;
  for (int y = 0; bytes > 0 && y < frame_->height; ++y) {
    // Rows are joined so that their order counts.
    const std::uint64_t parts[] = {
        sum, checksum(frame_->data[0] + y * static_cast<std::ptrdiff_t>(frame_->linesize[0]),
                      static_cast<std::size_t>(bytes))};
    sum = checksum(parts, sizeof parts);
  }
  return sum;
}

bool VideoFile::seek(const KeyFrame& key) {
  limit_.restart();
  if (av_seek_frame(format_.get(), stream_->index, key.timestamp, AVSEEK_FLAG_BACKWARD) < 0) return false;
  avcodec_flush_buffers(codec_.get());
  draining_ = false;
  sought_ = true;
  // Frames before the key frame may come first, broken, because they need others that were passed over.
  do {
    if (!decode_next() || frame_->best_effort_timestamp > key.timestamp) return false;
  } while (frame_->best_effort_timestamp < key.timestamp);
  if (checksum_of_frame() != key.checksum) return false;
  damaged_since_seek_ = false;
  arrived_ = true;
  index_ = key.index;
  first_timestamp_ = key.first_timestamp;
  time_ = key.time_seconds;
  return true;
}

void VideoFile::advance_time() {
  ++index_;
  const std::int64_t timestamp = frame_->best_effort_timestamp;
  if (index_ == 0) {
    first_timestamp_ = timestamp;
    return;
  }
  const double rate = header_.frames_per_second > 0 ? header_.frames_per_second : kFallbackFramesPerSecond;
  double seconds = static_cast<double>(index_) / rate;
  if (timestamp != AV_NOPTS_VALUE && first_timestamp_ != AV_NOPTS_VALUE) {
    // Rounded once: 56832 / 15360 is 3.7, as a list says it, but 56832 * (1 / 15360) is a little less.
    const AVRational base = stream_->time_base;
    seconds = (static_cast<double>(timestamp) - static_cast<double>(first_timestamp_)) * base.num / base.den;
  }
  time_ = std::max(time_, seconds);
}

cv::Mat VideoFile::turned(cv::Mat image) {
  if (orientation_.transpose) {
    cv::transpose(image, turned_);
    image = turned_;
  }
  if (orientation_.flip_x || orientation_.flip_y) {
    const int axis = orientation_.flip_x && orientation_.flip_y ? -1 : orientation_.flip_x ? 1 : 0;
    cv::flip(image, image, axis);
  }
  return image;
}

}  // namespace

std::unique_ptr<VideoReader> open_video_file(const fs::path& path, int threads) {
  return std::make_unique<VideoFile>(path, threads);
}

std::unique_ptr<VideoReader> open_video_stream(const std::string& name, std::unique_ptr<ByteSource> source) {
  return std::make_unique<VideoFile>(name, std::move(source));
}

void set_ffmpeg_log_level(int level) { av_log_set_level(level); }

}  // namespace actrec
