"""`actrec doctor` says what works on this machine."""

import os
import pathlib
import re
import subprocess
import unittest

import actrec


class DoctorTest(actrec.TestCase):
    def test_it_agrees_with_the_system(self):
        report = self.succeed("doctor", "--json").json
        self.assertEqual(report["processor"]["cores"], len(os.sched_getaffinity(0)))
        cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
        flags = re.search(r"^flags\s*: (.*)$", cpuinfo, re.MULTILINE)
        for feature in ("avx2", "avx512f", "avx512_bf16", "amx_bf16"):
            has = flags is not None and feature in flags.group(1).split()
            self.assertEqual(feature in report["processor"]["features"], has, feature)
        self.assertIn("H.264", report["video"]["decoders"])
        self.assertTrue(report["processes"]["gloo"])
        # The library that the loader finds for the binary is of the version that is reported.
        libraries = subprocess.run(["ldd", actrec.BINARY], capture_output=True, text=True, check=True).stdout
        self.assertIn("libtorch", libraries)
        self.assertRegex(report["libtorch"]["version"], r"^\d+\.\d+\.\d+$")
        self.assertIsInstance(report["cuda"]["available"], bool)

    def test_the_text_has_the_same_facts(self):
        report = self.succeed("doctor", "--json").json
        result = self.succeed("doctor")
        for fact in (report["libtorch"]["version"], report["libtorch"]["cpu_kernels"], report["cuda"]["why"]):
            self.assertIn(fact, result.out)
        for problem in report["problems"]:
            self.assertIn("problem: " + problem, result.out)
        self.assertEqual("everything works" in result.out, not report["problems"])

    def test_openblas_uses_what_the_processor_has(self):
        if "OPENBLAS_CORETYPE" in os.environ:
            self.skipTest("the environment says which kernels to use")
        blas = self.succeed("doctor", "--json").json["libtorch"]["blas"]
        if not blas.startswith("OpenBLAS"):
            self.skipTest(f"LibTorch uses {blas}")
        flags = re.search(r"^flags\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if flags is not None and "avx2" in flags.group(1).split():
            self.assertNotIn("Prescott", blas)
        chosen = self.succeed("doctor", "--json", env={"OPENBLAS_CORETYPE": "Prescott"}).json["libtorch"]["blas"]
        self.assertIn("Prescott", chosen, "the environment decides")

    def test_a_missing_device_sends_to_the_doctor(self):
        if self.succeed("doctor", "--json").json["cuda"]["available"]:
            raise unittest.SkipTest("there is a CUDA device")
        self.fail_with(actrec.USAGE, ["train", actrec.demo() / "clips.csv", "--device", "cuda"], "actrec doctor")

    def test_a_cache_that_cannot_be_written_is_a_problem(self):
        report = self.succeed("doctor", "--json", env={"XDG_CACHE_HOME": "/proc/nowhere"}).json
        if os.geteuid() != 0:
            self.assertTrue(any("data.cache_dir" in problem for problem in report["problems"]), report)
        self.assertTrue(report["cache"]["directory"].startswith("/proc/nowhere"))


if __name__ == "__main__":
    unittest.main()
