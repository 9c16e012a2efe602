"""Opens a page in headless Chromium, in the ways that the tests need."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def _run(page, *arguments):
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise unittest.SkipTest("chromium is not installed")
    with tempfile.TemporaryDirectory(prefix="actrec-chromium-") as profile:
        command = [
            program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
            "--enable-logging=stderr",
            "--virtual-time-budget=5000",
            *arguments,
            page.resolve().as_uri(),
        ]
        # Chromium wants a home of its own; what it says of missing system services is not the page's.
        environment = {**os.environ, "HOME": profile, "LANG": "C.UTF-8"}
        return subprocess.run(command, capture_output=True, timeout=120, env=environment, check=True)


def open_page(page):
    """The page's HTML once its scripts have run, and what they wrote to the console, errors among it."""
    done = _run(page, "--window-size=1280,1000", "--dump-dom")
    console = re.findall(r"CONSOLE[^\]]*\] (.*)", done.stderr.decode(errors="replace"))
    return done.stdout.decode(), console


def screenshot(page, image, width, height, dark=False):
    """Writes what a window of that size shows as a PNG file."""
    theme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    _run(page, f"--window-size={width},{height}", f"--screenshot={image}", *theme)
