#include "data/video_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/ffmpeg_pointers.h"
#include "data/video_errors.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// MPEG-4 part 2 allows 16 bits; the usual frame rates, 30000/1001 among them, are whole numbers of ticks.
constexpr AVRational kTimeBase{1, 60000};
// From this height on, video is taken for HD and its colours for those of BT.709, else BT.601.
constexpr int kHdHeight = 720;

struct OutputCloser {
  void operator()(AVFormatContext* format) const {
    if (format->pb != nullptr) avio_closep(&format->pb);
    avformat_free_context(format);
  }
};
struct ScalerFreer {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

const AVCodec* find_encoder() {
  if (const AVCodec* x264 = avcodec_find_encoder_by_name("libx264")) return x264;
  spdlog::warn("this FFmpeg has no libx264: the video is MPEG-4 part 2, which browsers may not play");
  return avcodec_find_encoder(AV_CODEC_ID_MPEG4);
}

}  // namespace

class VideoWriter::Impl {
 public:
  Impl(fs::path path, const VideoFormat& format)
      : path_(std::move(path)),
        temporary_(path_.string() + "." + std::to_string(::getpid()) +
                   std::string(AtomicFile::kTemporarySuffix)),
        size_(format.size) {
    AVFormatContext* container = nullptr;
    check(avformat_alloc_output_context2(&container, nullptr, "mp4", url().c_str()));
    format_.reset(container);
    open_encoder(format);
    stream_ = avformat_new_stream(format_.get(), nullptr);
    packet_.reset(av_packet_alloc());
    if (stream_ == nullptr || !packet_) throw std::bad_alloc();
    check(avcodec_parameters_from_context(stream_->codecpar, codec_.get()));
    stream_->time_base = kTimeBase;
    stream_->avg_frame_rate = codec_->framerate;
    stream_->sample_aspect_ratio = codec_->sample_aspect_ratio;
    check(avio_open(&format_->pb, url().c_str(), AVIO_FLAG_WRITE));
    AVDictionary* options = nullptr;
    av_dict_set(&options, "movflags", "+faststart", 0);
    const int status = avformat_write_header(format_.get(), &options);
    av_dict_free(&options);
    check(status);
  }

  ~Impl() {
    format_.reset();
    std::error_code gone;
    fs::remove(temporary_, gone);
  }

  void write(const cv::Mat& frame, double time_seconds) {
    // How long a frame is shown is known when the next one comes.
    const std::int64_t time = std::max(ticks(time_seconds), waiting_ ? time_ + 1 : 0);
    encode_waiting(time);
    convert(frame);
    time_ = time;
    waiting_ = true;
  }

  void finish(double end_seconds) {
    encode_waiting(ticks(end_seconds));
    check(avcodec_send_frame(codec_.get(), nullptr));
    write_packets();
    check(av_write_trailer(format_.get()));
    check(avio_closep(&format_->pb));
    publish();
  }

 private:
  static std::int64_t ticks(double seconds) {
    return static_cast<std::int64_t>(std::llround(seconds * kTimeBase.den));
  }
  std::string url() const { return "file:" + temporary_.string(); }

  void check(int status) const {
    if (status >= 0) return;
    throw Error(fmt::format("{} cannot be written: {}", path_.string(), ffmpeg_error(status)),
                "check the path, its permissions and the space on the disk");
  }

  void open_encoder(const VideoFormat& format) {
    const AVCodec* encoder = find_encoder();
    if (encoder == nullptr)
      throw Error("this FFmpeg can write neither H.264 nor MPEG-4", "install one with libx264");
    codec_.reset(avcodec_alloc_context3(encoder));
    frame_.reset(av_frame_alloc());
    if (!codec_ || !frame_) throw std::bad_alloc();
    codec_->width = (size_.width + 1) / 2 * 2;
    codec_->height = (size_.height + 1) / 2 * 2;
    codec_->pix_fmt = AV_PIX_FMT_YUV420P;
    codec_->time_base = kTimeBase;
    codec_->framerate = av_d2q(format.frames_per_second, 100000);
    codec_->sample_aspect_ratio = av_d2q(format.pixel_aspect, 1000);
    codec_->color_range = AVCOL_RANGE_MPEG;
    const bool hd = size_.height >= kHdHeight;
    codec_->colorspace = hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    codec_->color_primaries = hd ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    codec_->color_trc = hd ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    codec_->max_b_frames = 0;  // packets come in the order of the frames
    codec_->thread_count = 0;
    if (encoder->id == AV_CODEC_ID_H264) {
      av_opt_set(codec_->priv_data, "preset", "veryfast", 0);
      av_opt_set(codec_->priv_data, "crf", "20", 0);
    } else {
      codec_->flags |= AV_CODEC_FLAG_QSCALE;
      codec_->global_quality = 3 * FF_QP2LAMBDA;
    }
    check(avcodec_open2(codec_.get(), encoder, nullptr));
    frame_->format = codec_->pix_fmt;
    frame_->width = codec_->width;
    frame_->height = codec_->height;
    check(av_frame_get_buffer(frame_.get(), 0));
    scaler_.reset(sws_getContext(codec_->width, codec_->height, AV_PIX_FMT_RGB24, codec_->width,
                                 codec_->height, AV_PIX_FMT_YUV420P, SWS_BICUBIC, nullptr, nullptr, nullptr));
    if (!scaler_)
      throw Error(fmt::format("{}: frames of {}x{} pixels cannot be written", path_.string(), size_.width,
                              size_.height));
    const int* coefficients = sws_getCoefficients(hd ? SWS_CS_ITU709 : SWS_CS_SMPTE170M);
    sws_setColorspaceDetails(scaler_.get(), coefficients, 1, coefficients, 0, 0, 1 << 16, 1 << 16);
  }

  // Into image_, in the size of the stream.
  void convert(const cv::Mat& frame) {
    cv::Mat scaled = frame;
    if (frame.size() != size_) cv::resize(frame, scaled, size_, 0, 0, cv::INTER_AREA);
    cv::copyMakeBorder(scaled, image_, 0, codec_->height - size_.height, 0, codec_->width - size_.width,
                       cv::BORDER_REPLICATE);
  }

  // The frame that waits is shown until `end`.
  void encode_waiting(std::int64_t end) {
    if (!std::exchange(waiting_, false)) return;
    check(av_frame_make_writable(frame_.get()));
    const std::uint8_t* rows[] = {image_.data};
    const int strides[] = {static_cast<int>(image_.step)};
    sws_scale(scaler_.get(), rows, strides, 0, image_.rows, frame_->data, frame_->linesize);
    frame_->pts = time_;
    durations_.push_back(std::max<std::int64_t>(1, end - time_));
    check(avcodec_send_frame(codec_.get(), frame_.get()));
    write_packets();
  }

  void write_packets() {
    for (;;) {
      const int status = avcodec_receive_packet(codec_.get(), packet_.get());
      if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
      check(status);
      packet_->duration = durations_.front();
      durations_.pop_front();
      av_packet_rescale_ts(packet_.get(), kTimeBase, stream_->time_base);
      packet_->stream_index = stream_->index;
      check(av_interleaved_write_frame(format_.get(), packet_.get()));
    }
  }

  void publish() {
    const int descriptor = ::open(temporary_.c_str(), O_RDONLY);
    if (descriptor >= 0) {
      ::fsync(descriptor);
      ::close(descriptor);
    }
    std::error_code error;
    fs::rename(temporary_, path_, error);
    if (error) throw Error(fmt::format("{} cannot be written: {}", path_.string(), error.message()));
  }

  fs::path path_, temporary_;
  cv::Size size_;
  std::unique_ptr<AVFormatContext, OutputCloser> format_;
  CodecPointer codec_;
  FramePointer frame_;
  PacketPointer packet_;
  std::unique_ptr<SwsContext, ScalerFreer> scaler_;
  AVStream* stream_ = nullptr;
  cv::Mat image_;  // the frame that waits
  bool waiting_ = false;
  std::int64_t time_ = 0;               // of the last frame, in ticks
  std::deque<std::int64_t> durations_;  // of the frames that are being encoded
};

VideoWriter::VideoWriter(const fs::path& path, const VideoFormat& format)
    : impl_(std::make_unique<Impl>(path, format)) {}
VideoWriter::~VideoWriter() = default;
void VideoWriter::write(const cv::Mat& frame, double time_seconds) { impl_->write(frame, time_seconds); }
void VideoWriter::finish(double end_seconds) { impl_->finish(end_seconds); }

}  // namespace actrec
