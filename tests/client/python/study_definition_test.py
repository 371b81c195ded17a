"""A dict becomes the message that `caviar study create` makes of the same words in a file."""

import copy
import datetime
import json
import tempfile
import unittest

import caviar
from caviar.study_definition import to_study
from caviar.v1 import search_space_pb2
from caviar.values import number_text
from coordinator import CoordinatorTest

SMALL = {"study": "small", "objective": {"metric": "accuracy", "goal": "maximize"}, "trainer": {"external": {}},
         "parameters": {"x": {"min": 0.0, "max": 1.0}}}
NETWORK = {
    "study": "network", "description": "of \"words\"",
    "objective": {"metric": "validation_accuracy", "goal": "maximize", "value": "last", "target": 0.97},
    "constraints": [{"metric": "samples_per_second", "min": 100, "max": 1e9}],
    "trainer": {"batch_norm_network": {
        "data": {"train_images": "a", "train_labels": "b", "validation_fraction": 0.2}, "epochs": 9,
        "checkpoint_every": 0}},
    "sampler": {"algorithm": "gp", "seed": 4294967295}, "pruner": {"algorithm": "asha", "grace": 1, "eta": 3},
    "limits": {"max_trials": 70, "parallel": 4, "max_duration": "2h30m1.5s", "no_gain": {"trials": 10}, "max_attempts": 2},
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1, "scale": "log", "default": 0.01, "grid": 5},
        "optimizer": {"values": ["sgd", "adam"]},
        "momentum": {"min": 0.9, "max": 0.999, "scale": "one_minus_log", "when": {"optimizer": "sgd"}},
        "batch_size": {"type": "ordinal", "values": [64, 128, 256]},
        "hidden_units": {"min": 50, "max": 100, "step": 10},
        "hidden_layers": {"value": 2}, "batch_norm": {"values": ["none", "before_activation"]},
        "epsilon": {"value": 1}, "decay_rate": {"min": 0, "max": 1}},
    "trials": [{"learning_rate": 0.01, "optimizer": "adam", "batch_size": 64, "hidden_units": 60,
                "batch_norm": "none", "decay_rate": 0.5}]}
LOOP = {
    "study": "loop", "objectives": [{"metric": "accuracy", "goal": "maximize"}, {"metric": "size", "goal": "minimize"}],
    "trainer": {"external": {}}, "sampler": {"algorithm": "random"},
    "limits": {"max_steps": 10000, "max_failed": 3},
    "linear_constraints": ["a + 2 * b <= 10", "0 <= a - b"],
    "parameters": {
        "a": {"min": 1, "max": 8, "scale": "log"}, "b": {"min": 0, "max": 1.0, "step": 0.25},
        "flag": {"values": [True, False]}, "number": {"values": [1, 2.5]}, "units": {"values": [32, 64], "scale": "log"},
        "shape": {"values": [[512, 256], [1e-5, 100000, 2.0**60]]}, "p": {"min": 0.1, "max": 0.9, "scale": "logit"},
        "depends": {"min": 1, "max": 2, "when": {"number": 1, "flag": True}}, "fixed": {"value": "word"}}}
PROGRAM = {
    **SMALL, "study": "program",
    "trainer": {"command": {
        "run": ["python3", "train.py", "${args}", 3, "--lr=${x}"], "arguments": "hydra",
        "code": {"path": "/me"}, "env": {"HF_HOME": "/scratch", "N": 1}, "pass_env": ["KEY"],
        "resources": {"cpus": 1.5, "gpus": 0, "memory": "2GiB"}, "time_limit": "30m", "stop_grace": "0s",
        "resumable": True, "keep": "none", "patterns": ["accuracy: (?P<accuracy>[0-9.]+)"]}},
    "metrics": ["loss"], "workers": {"gpu": "a100"}, "limits": {"weight": 2},
    "checkpoints": {"store": "/ckpt", "keep_per_trial": ["last", "best"], "keep_trials": 5, "max_size": 1000},
    "pruner": {"algorithm": "asha", "max_step": 27}}


class StudyDefinitionTest(CoordinatorTest):
    def test_agrees_with_the_study_file(self):
        for definition in (SMALL, NETWORK, LOOP, PROGRAM):
            with self.subTest(definition["study"]), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                json.dump(definition, file)  # JSON is YAML
                file.flush()
                read = json.loads(self.coordinator.run("study", "create", "--dry-run", file.name, "--output", "json"))
                mine = self.client.check_study(definition)
                for each in (read, mine):
                    for name in ("create_time", "active_duration"):
                        del each[name]
                    if "seed" not in definition.get("sampler", {}):
                        del each["sampler"]["seed"]  # drawn at each check
                self.maxDiff = None
                self.assertEqual(comparable(mine), comparable(read))

    def test_knows_the_sections_that_the_study_file_has(self):
        # Output-only fields are listed by name: a new one would be taken for a word of the file.
        schema = json.loads(self.coordinator.run("study", "schema"))
        with self.assertRaises(caviar.InvalidArgument) as caught:
            to_study({"?": 1})
        self.assertEqual(set(str(caught.exception).partition("known here: ")[2].split(", ")), set(schema["properties"]))

    def test_numbers_in_lists_are_written_as_in_cpp(self):
        numbers = [512, 2.5, 1e-5, 1e20, 100000, 123456, 0.001, 1e-4, 0.00012, 1e22, 1.5e300, -3e-7, 120000, 2.0**60, -0.0]
        definition = {**copy.deepcopy(LOOP), "study": "numbers"}
        definition["parameters"]["shape"] = {"values": [numbers, [0.5]]}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump(definition, file)
            file.flush()
            read = json.loads(self.coordinator.run("study", "create", "--dry-run", file.name, "--output", "json"))
        texts = [each["values"][0] for each in read["parameters"] if each["name"] == "shape"]
        self.assertEqual(texts, [",".join(map(number_text, numbers))])

    def test_what_the_coordinator_finds_is_told_by_field(self):
        definition = copy.deepcopy(SMALL)
        definition["parameters"]["x"] = {"min": 2.0, "max": 1.0}
        definition["objective"].pop("goal")
        with self.assertRaises(caviar.InvalidArgument) as caught:
            self.client.check_study(definition)
        self.assertEqual(sorted(field for field, _ in caught.exception.violations), ["objective.goal", "parameters.x.max"])


def comparable(value):
    """What Python and JSON write differently, alike: times and what is not set. 1 and 1.0 are different."""
    if isinstance(value, dict):
        alike = {key: comparable(each) for key, each in value.items()}
        return {key: each for key, each in alike.items() if each not in (None, {}, [], "", "0", "False")}
    if isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if isinstance(value, datetime.timedelta):
        return f"{value.total_seconds():.3f}s".replace(".000s", "s")
    return value


class FormTest(unittest.TestCase):
    def violations(self, **more):
        with self.assertRaises(caviar.InvalidArgument) as caught:
            to_study({**SMALL, **more})
        return dict(caught.exception.violations)

    def test_a_program_and_all_around_it(self):
        study = to_study(PROGRAM)
        command = study.trainer.command
        self.assertEqual(list(command.run), ["python3", "train.py", "${args}", "3", "--lr=${x}"])
        self.assertEqual((command.arguments, command.keep), (command.HYDRA, command.keep))
        self.assertEqual(dict(command.env), {"HF_HOME": "/scratch", "N": "1"})
        self.assertEqual((command.resources.memory.bytes, command.resources.cpus), (2 << 30, 1.5))
        self.assertTrue(command.resources.HasField("gpus") and command.HasField("stop_grace") and command.resumable)
        self.assertEqual(command.time_limit.seconds, 1800)
        self.assertEqual(list(study.checkpoints.keep_per_trial), [1, 2])
        self.assertEqual((study.checkpoints.max_size.bytes, study.limits.weight, dict(study.workers)),
                         (1000, 2.0, {"gpu": "a100"}))

    def test_everything_that_is_wrong_is_told_at_once(self):
        wrong = self.violations(
            objectiv={}, limits={"max_trials": 1.5, "max_duration": "soon", "parallel": True},
            sampler={"algorithm": "tpee", "seed": -1}, parameters={"x": {"min": "1e-4", "max": float("nan")}, "y": 3},
            trials=[{"x": None}], linear_constraints=["x ? 1"], state="ENDED", repeats=2**40, warm_start="other")
        self.assertEqual(set(wrong), {
            "objectiv", "limits.max_trials", "limits.max_duration", "limits.parallel", "sampler.algorithm", "sampler.seed",
            "parameters.x.min", "parameters.x.max", "parameters.y", "trials[0].x", "linear_constraints[0]", "state",
            "repeats", "warm_start"})
        self.assertIn('did you mean "objective"?', wrong["objectiv"])
        self.assertIn('did you mean "tpe"?', wrong["sampler.algorithm"])
        self.assertIn("without the quotes", wrong["parameters.x.min"])
        self.assertIn("[0, 4294967295]", wrong["sampler.seed"])

    def test_exactly_one_trainer_and_one_format(self):
        wrong = self.violations(trainer={"external": {}, "batch_norm_network": {"data": {"format": "png"}}})
        self.assertEqual(list(wrong), ["trainer.batch_norm_network"])
        wrong = self.violations(trainer={"batch_norm_network": {"data": {"format": "png", "train": "x"}}})
        self.assertEqual(list(wrong), ["trainer.batch_norm_network.data.format"])
        wrong = self.violations(trainer={"batch_norm_network": {"data": {"format": "csv", "train_images": "x"}}})
        self.assertEqual(list(wrong), ["trainer.batch_norm_network.data.train_images"])
        data = to_study({**SMALL, "trainer": {"batch_norm_network": {"data": {"label": "class"}}}}).trainer
        self.assertEqual(data.batch_norm_network.data.csv.label, "class", "the key tells the format")

    def test_types_that_are_left_out(self):
        parameter = search_space_pb2.Parameter
        study = to_study({**SMALL, "parameters": {
            "whole": {"min": 1, "max": 4}, "half": {"min": 1, "max": 4.0}, "momentum": {"min": 0, "max": 0.5, "scale": "logit"},
            "flag": {"values": [False, True]}, "word": {"values": ["a", True]}, "order": {"values": [1, 2.5], "scale": "log"}}})
        self.assertEqual([each.type for each in study.parameters],
                         [parameter.INT, parameter.DOUBLE, parameter.DOUBLE, parameter.BOOL, parameter.CATEGORICAL,
                          parameter.ORDINAL])
        self.assertEqual([value.double_value for value in study.parameters[5].values], [1.0, 2.5])


if __name__ == "__main__":
    unittest.main()
