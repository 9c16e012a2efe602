"""usage: rtsp_server.py VIDEO.mp4

Serves an H.264 video as rtsp://127.0.0.1:PORT/camera, as a network camera does, until it is killed; prints PORT. Needs
GStreamer's RTSP server and its Python bindings.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_service("0")  # a free port
camera = GstRtspServer.RTSPMediaFactory()
camera.set_launch(f'( filesrc location="{sys.argv[1]}" ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 )')
server.get_mount_points().add_factory("/camera", camera)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
