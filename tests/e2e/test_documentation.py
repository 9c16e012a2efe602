"""The documentation and the configurations say what the binary does."""

import re

import actrec


class Documentation(actrec.TestCase):
    def test_settings_table_is_what_the_binary_explains(self):
        text = (actrec.ROOT / "configs" / "README.md").read_text()
        table = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", text, re.S).group(1)
        explained = self.succeed("config", "explain", "--markdown").out
        self.assertEqual(table.strip(), explained.strip())

    def test_every_configuration_loads(self):
        configs = sorted((actrec.ROOT / "configs").glob("*.json"))
        self.assertGreater(len(configs), 3)
        for config in configs:
            with self.subTest(config=config.name):
                self.assertIn("train", self.succeed("config", "show", config).json)

    def test_every_setting_named_in_the_documentation_exists(self):
        keys = set(re.findall(r"^\| `([a-z0-9_.]+)`", self.succeed("config", "explain", "--markdown").out, re.M))
        sections = {key.rsplit(".", depth)[0] for key in keys for depth in range(1, key.count(".") + 1)}
        roots = {key.split(".")[0] for key in keys if "." in key}
        for name in ("README.md", "src/README.md", "configs/README.md", "data/README.md"):
            text = (actrec.ROOT / name).read_text()
            for key in re.findall(r"[`\s=]((?:%s)\.[a-z0-9_]+(?:\.[a-z0-9_]+)*)" % "|".join(roots), text):
                if key.split(".")[-1] in ("h", "cpp", "py", "sh", "json", "md", "csv"):
                    continue
                with self.subTest(file=name, key=key):
                    self.assertIn(key, keys | sections)

    def test_every_verb_is_documented_and_has_help(self):
        readme = (actrec.ROOT / "README.md").read_text()
        verbs = re.findall(r"^  ([a-z]+) {3,}", self.succeed("--help").out.split("Subcommands:")[1], re.M)
        self.assertGreaterEqual(len(verbs), 7)
        for verb in verbs:
            self.assertIn(f"actrec {verb}", readme)
            self.assertIn("Usage: actrec " + verb, self.succeed(verb, "--help").out)


if __name__ == "__main__":
    actrec.main()
