"""Every layout of a data set, made from demo clips: read, counted, split, trained on."""

import re

import actrec

LABELS = ["lower_arm", "raise_arm", "turn_left"]
PERFORMERS = [1, 2, 3, 4]
SMALLEST = [*actrec.TINY, "--set=clip.frames=2", "--set=clip.size=16"]


class DataTest(actrec.TestCase):
    def counts(self, data):
        """(clips, classes, split method, train, val, test) as `init` reports them."""
        out = self.succeed("init", data).out
        clips, classes = re.match(r"// (\d+) clips in (\d+) classes: ", out).groups()
        method, *sizes = re.search(r"// split: (.*); train (\d+), val (\d+), test (\d+)\n", out).groups()
        return (int(clips), int(classes), method, *map(int, sizes))

    def train(self, data, *options):
        output = actrec.new_directory() / "run"
        self.result = self.succeed("train", data, *SMALLEST, *options, "--output", output)
        return output / "last.safetensors"

    def supports(self, checkpoint):
        """Clips of each class in train, val and test."""
        found = {}
        for split in ("train", "val", "test"):
            report = self.succeed("evaluate", checkpoint, "--split", split, "--json").json
            found[split] = [sum(row) for row in report["confusion"]]
        return found

    def classes(self, checkpoint):
        return self.succeed("inspect", checkpoint, "--json").json["classes"]


class FolderTest(DataTest):
    def test_folder_per_class(self):
        for label in LABELS:
            for performer in PERFORMERS:
                actrec.place(actrec.demo_clip(label, performer), self.directory / "set" / label / f"{performer}.mp4")
        (self.directory / "set" / "README.txt").write_text("not a class")
        (self.directory / "set" / "turn_left" / "notes.txt").write_text("not a video")
        clips, classes, method, *sizes = self.counts(self.directory / "set")
        self.assertEqual((clips, classes, sum(sizes)), (12, 3, 12))
        self.assertIn("RANDOM", method)
        self.assertTrue(all(sizes), sizes)
        checkpoint = self.train(self.directory / "set")
        self.assertEqual(self.classes(checkpoint), LABELS)
        self.assertIn("RANDOM SPLIT", self.result.err)

    def test_clips_in_folders_of_a_class(self):
        for label in LABELS:
            for performer in PERFORMERS:
                target = self.directory / "set" / label / f"person{performer}" / "day" / "a.mp4"
                actrec.place(actrec.demo_clip(label, performer), target)
        checkpoint = self.train(self.directory / "set", "--set=data.split.group_pattern=person([0-9]+)")
        self.assertNotIn("RANDOM SPLIT", self.result.err)
        for split, counts in self.supports(checkpoint).items():
            self.assertEqual(len(set(counts)), 1, (split, counts))  # a person has one clip of each class

    def test_folder_per_split_then_class(self):
        for split, performers in (("train", [1, 2]), ("val", [3]), ("test", [4])):
            for label in LABELS:
                for performer in performers:
                    target = self.directory / "set" / split / label / f"{performer}.mp4"
                    actrec.place(actrec.demo_clip(label, performer), target)
        self.assertEqual(self.counts(self.directory / "set"), (12, 3, "as given", 6, 3, 3))
        checkpoint = self.train(self.directory / "set")
        self.assertEqual(self.supports(checkpoint), {"train": [2, 2, 2], "val": [1, 1, 1], "test": [1, 1, 1]})

    def test_numbered_frame_folders(self):
        for label in LABELS:
            for performer in PERFORMERS:
                clip = actrec.demo_clip(label, performer)
                target = self.directory / "set" / label / f"clip{performer}"
                if performer == 2:  # a video among them
                    actrec.place(clip, target.with_suffix(".mp4"))
                else:
                    actrec.extract_frames(clip, target, "-frames:v", 6)
        self.assertEqual(self.counts(self.directory / "set")[:2], (12, 3))
        self.train(self.directory / "set")

    def test_numbered_frame_folders_in_a_list(self):
        rows = []
        for label in LABELS:
            for performer, split in zip(PERFORMERS, ["train", "train", "val", "test"]):
                name = f"frames/{label}{performer}"
                actrec.extract_frames(actrec.demo_clip(label, performer), self.directory / name, "-frames:v", 3)
                rows.append({"path": name, "label": label, "split": split})
        data = actrec.write_list(self.directory / "clips.csv", rows)
        self.assertEqual(self.counts(data), (12, 3, "as given", 6, 3, 3))
        self.train(data)

    def test_non_ascii_names_in_any_locale(self):
        names = {"Ärmel heben": "raise_arm", "поворот": "turn_left", "腕を下げる": "lower_arm"}
        root = self.directory / "Übung und Spiel"
        for name, label in names.items():
            for performer in PERFORMERS:
                actrec.place(actrec.demo_clip(label, performer), root / name / f"Ça {performer}, \"où\"?.mp4")
        output = self.directory / "läufe"
        for locale in ("C", "C.UTF-8"):
            with self.subTest(locale=locale):
                env = {"LC_ALL": locale, "LANG": locale}
                self.succeed("train", root, *SMALLEST, "--output", output / locale, env=env)
                checkpoint = output / locale / "best.safetensors"
                self.assertEqual(self.classes(checkpoint), sorted(names, key=str.encode))
                report = self.succeed("evaluate", checkpoint, env=env)
                self.assertIn("поворот", report.out)
                clip = root / "腕を下げる" / "Ça 2, \"où\"?.mp4"
                prediction = self.succeed("predict", checkpoint, clip, "--json", env=env).json[0]
                self.assertEqual(prediction["input"], str(clip))
                self.assertIn(prediction["top"][0]["label"], names)


class ListTest(DataTest):
    def rows(self, **columns):
        """Two clips of each of two classes by each of six people, with hard-linked files."""
        rows = []
        for person in range(6):
            for label in LABELS[:2]:
                for take in range(2):
                    name = f"{label}_{person}_{take}.mp4"
                    if not (self.directory / name).exists():
                        actrec.place(actrec.demo_clip(label, PERFORMERS[person % 4]), self.directory / name)
                    row = {"path": name, "label": label}
                    rows.append({**row, **{key: value(person, take) for key, value in columns.items()}})
        return rows

    def write(self, rows):
        return actrec.write_list(self.directory / "clips.csv", rows)

    def test_given_splits(self):
        splits = ["train", "train", "train", "val", "val", "test"]
        data = self.write(self.rows(split=lambda person, take: splits[person]))
        self.assertEqual(self.counts(data), (24, 2, "as given", 12, 8, 4))
        self.assertEqual(self.supports(self.train(data)), {"train": [6, 6], "val": [4, 4], "test": [2, 2]})

    def test_groups_are_never_divided(self):
        data = self.write(self.rows(group=lambda person, take: f"p{person}"))
        self.assertEqual(self.counts(data)[2], "by group")
        # A group is two clips of each class: an odd count is a divided group.
        shares = ["--set=data.split.val=0.25", "--set=data.split.test=0.25"]
        whole = self.supports(self.train(data, *shares))
        self.assertEqual([sum(column) for column in zip(*whole.values())], [12, 12])
        for counts in whole.values():
            self.assertTrue(counts[0] == counts[1] > 0 and counts[0] % 2 == 0, whole)
        self.assertNotIn("RANDOM", self.result.err)
        # The same share of clips one by one: three of each class.
        divided = self.supports(self.train(data, *shares, "--set=data.split.by=random"))
        self.assertEqual(divided, {"train": [6, 6], "val": [3, 3], "test": [3, 3]})
        self.assertIn("RANDOM SPLIT", self.result.err)

    def test_folds_by_group(self):
        data = self.write(self.rows(group=lambda person, take: f"p{person}"))
        tested = [0, 0]
        for fold in range(3):
            checkpoint = self.train(data, "--set=data.split.folds=3", f"--set=data.split.fold={fold}")
            found = self.supports(checkpoint)
            self.assertIn(f"fold {fold + 1} of 3 by group", self.result.err)
            self.assertEqual(found, {"train": [4, 4], "val": [4, 4], "test": [4, 4]})
            tested = [a + b for a, b in zip(tested, found["test"])]
        self.assertEqual(tested, [12, 12])
        self.fail_with(2, ["train", data, "--set=data.split.folds=3", "--set=data.split.fold=3"], "data.split.fold")
        self.fail_with(3, ["train", data, "--set=data.split.folds=7"], "6 groups", "7 folds")

    def test_given_splits_that_share_a_group_are_refused(self):
        rows = self.rows(
            group=lambda person, take: f"p{person}",
            split=lambda person, take: ["train", "train", "train", "train", "val", "test"][person],
        )
        self.assertEqual(self.counts(self.write(rows))[2], "as given")
        rows[0]["split"] = "test"  # by p0, whose other clips are in train
        data = self.write(rows)
        self.fail_with(3, ["init", data], "'p0'", "train", "test")
        found = self.supports(self.train(data, "--set=data.split.by=group"))
        self.assertTrue(all(count % 2 == 0 for counts in found.values() for count in counts), found)
        self.train(data, "--set=data.split.by=given")
        self.assertIn("LEAK", self.result.err)

    def test_parts_of_a_video(self):
        # The demo runs at 25 frames a second: a part from 0.4 s to 0.8 s is frames 10 to 19.
        video = actrec.demo_clip("turn_left")
        part = self.directory / "part.mkv"
        actrec.ffmpeg("-i", video, "-vf", "select=between(n\\,10\\,19)", "-fps_mode", "passthrough", "-c:v", "ffv1", part)
        checkpoint = actrec.trained() / "best.safetensors"

        def loss(**row):
            data = self.write([{"path": str(row.pop("path")), "label": "turn_left", **row}])
            return self.succeed("evaluate", checkpoint, "--data", data, "--sampling", "all", "--json").json["loss"]

        of_part = loss(path=video, begin="0.4", end="0.8")
        self.assertAlmostEqual(of_part, loss(path=part), places=3)
        self.assertGreater(abs(of_part - loss(path=video)), 2e-3)
        self.assertGreater(abs(of_part - loss(path=video, begin="0.8", end="1.2")), 2e-3)

    def test_parts_of_a_video_stay_in_one_split(self):
        rows = [
            {"path": str(actrec.demo_clip(label, performer)), "label": label, "begin": begin, "end": begin + 0.6}
            for label in LABELS[:2]
            for performer in PERFORMERS
            for begin in (0, 0.6)
        ]
        data = self.write(rows)
        clips, classes, method, *sizes = self.counts(data)
        self.assertEqual((clips, classes, method), (16, 2, "by group"))
        for counts in self.supports(self.train(data)).values():
            self.assertTrue(all(count % 2 == 0 for count in counts), counts)

    def test_quoted_fields_and_a_byte_order_mark(self):
        rows = self.rows(split=lambda person, take: ["train", "train", "train", "val", "val", "test"][person])
        name = 'a "b", c.mp4'
        (self.directory / rows[0]["path"]).rename(self.directory / name)
        rows[0]["path"] = name
        data = self.write(rows)
        data.write_bytes(b"\xef\xbb\xbf" + data.read_bytes().replace(b"\r\n", b"\n"))
        self.assertEqual(self.counts(data)[:2], (24, 2))


class OfficialTest(DataTest):
    def test_ucf101(self):
        lists = self.directory / "ucfTrainTestlist"
        lists.mkdir()
        names = {"LowerArm": "lower_arm", "RaiseArm": "raise_arm", "TurnLeft": "turn_left"}
        (lists / "classInd.txt").write_text("".join(f"{k} {name}\r\n" for k, name in enumerate(names, 1)))
        for split, tested in ((1, [4]), (2, [1, 2])):
            train_list, test_list = lists / f"trainlist0{split}.txt", lists / f"testlist0{split}.txt"
            with open(train_list, "w") as train, open(test_list, "w") as test:
                for k, (name, label) in enumerate(names.items(), 1):
                    for performer in PERFORMERS:
                        for take in (1, 2):
                            video = f"{name}/v_{name}_g{performer:02}_c{take:02}.avi"
                            if split == 1:
                                actrec.place(actrec.demo_clip(label, performer), self.directory / "UCF-101" / video)
                            if performer in tested:
                                test.write(f"{video}\n")
                            else:
                                train.write(f"{video} {k}\n")
        clips, classes, method, train, val, test = self.counts(lists)
        self.assertEqual((clips, classes, train + val, test), (24, 3, 18, 6))
        self.assertTrue(method.startswith("official split 1") and "by group" in method, method)
        checkpoint = self.train(lists, "--set=data.split.official=2")
        self.assertEqual(self.classes(checkpoint), list(names))
        found = self.supports(checkpoint)
        self.assertEqual(found["test"], [4, 4, 4])
        for counts in found.values():
            self.assertTrue(all(count % 2 == 0 for count in counts), found)
        self.assertGreater(sum(found["val"]), 0)
        self.fail_with(3, ["train", lists, "--set=data.split.official=3"], "trainlist03.txt")

    def test_hmdb51(self):
        lists = self.directory / "splits"
        lists.mkdir()
        for label in LABELS:
            with open(lists / f"{label}_test_split1.txt", "w") as file:
                for performer, part in zip(PERFORMERS, (1, 1, 2, 0)):
                    name = f"Film{performer}_{label}_f_cm_np1_fr_med_0.avi"
                    actrec.place(actrec.demo_clip(label, performer), self.directory / "videos" / label / name)
                    file.write(f"{name} {part} \n")
        clips, classes, method, train, val, test = self.counts(lists)
        self.assertEqual((clips, classes, train, val, test), (9, 3, 3, 3, 3))
        self.assertTrue(method.startswith("official split 1") and "by group" in method, method)
        self.assertEqual(self.classes(self.train(lists)), LABELS)

    def test_kinetics(self):
        rows = []
        for label in LABELS:
            for performer, split in zip(PERFORMERS, ["train", "train", "validate", "test"]):
                # YouTube's ids may begin with a dash.
                row = {"label": label.replace("_", " "), "youtube_id": f"-x{label[:4]}_{performer}"}
                rows.append({**row, "time_start": 3, "time_end": 13, "split": split, "is_cc": 0})
                name = f"{row['youtube_id']}_000003_000013.mp4"
                if performer == 2:  # the whole video, to be cut by the list
                    name = f"{row['youtube_id']}.mp4"
                    rows[-1].update(time_start=0, time_end=1)
                actrec.place(actrec.demo_clip(label, performer), self.directory / "videos" / name)
        gone = {**rows[0], "youtube_id": "not_there"}
        data = actrec.write_list(self.directory / "kinetics.csv", [*rows, gone])
        self.assertEqual(self.counts(data), (12, 3, "as given", 6, 3, 3))
        checkpoint = self.train(data)
        self.assertIn("1 of 13", self.result.err)
        self.assertEqual(self.classes(checkpoint), ["lower arm", "raise arm", "turn left"])


class InitTest(DataTest):
    def test_the_configuration_runs(self):
        config = self.directory / "my.json"
        self.succeed("init", actrec.demo() / "clips.csv", "--output", config)
        self.assertIn("//", config.read_text())
        shown = self.succeed("config", "show", config).json
        self.assertEqual(shown["augment"]["horizontal_flip"], 0)  # left and right are classes
        output = self.directory / "run"
        self.succeed("train", config, *SMALLEST, "--output", output)
        self.assertEqual(len(actrec.read_metrics(output)), 1)
        before = config.read_bytes()
        self.fail_with(2, ["init", actrec.demo() / "clips.csv", "--output", config], config, "exists")
        self.assertEqual(config.read_bytes(), before)


if __name__ == "__main__":
    actrec.main()
