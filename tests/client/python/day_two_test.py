"""What happens to a study after its first day, on a real coordinator."""

import datetime
import sys
import types
import unittest
from unittest import mock

import caviar
from coordinator import CoordinatorTest


class UpdateTest(CoordinatorTest):
    def test_limits_change_and_an_ended_study_goes_on(self):
        study = self.create(limits={"max_trials": 1, "parallel": 2})
        study.ask().tell(0.5)
        with self.assertRaises(caviar.NoTrial):
            study.ask()
        self.assertEqual(study.update(max_trials=3, parallel=None, max_duration="2h"), [
            {"field": "limits.max_trials", "before": "1", "after": "3"},
            {"field": "limits.parallel", "before": "2", "after": ""},
            {"field": "limits.max_duration", "before": "", "after": "2h"}])
        trial = study.ask()
        self.assertEqual(trial.number, 1)
        trial.tell(0.25)
        now = study.show()
        self.assertEqual((now["revision"], now["limits"]["max_trials"], now["limits"]["parallel"]), (2, 3, None))
        self.assertEqual(now["limits"]["max_duration"], datetime.timedelta(hours=2))
        self.assertEqual([trial["revision"] for trial in study.trials()], [1, 2])
        self.assertEqual(study.update(max_trials=3), [], "it is so already")

    def test_one_that_would_end_again_at_once_is_left_as_it_is(self):
        study = self.create(limits={"max_trials": 1})
        study.ask().tell(0.5)
        with self.assertRaisesRegex(caviar.Error, "would end again at once") as caught:
            study.update(parallel=2)
        self.assertEqual(caught.exception.code, "FAILED_PRECONDITION")

    def test_a_dry_run_changes_nothing(self):
        study = self.create()
        changes = study.update(max_trials=9, dry_run=True)
        self.assertEqual(changes, [{"field": "limits.max_trials", "before": "", "after": "9"}])
        self.assertEqual((study.show()["revision"], study.show()["limits"]["max_trials"]), (1, None))
        self.assertEqual(study.update(max_trials=9), changes)

    def test_sampler_pruner_target_and_no_gain(self):
        study = self.create()
        study.update(sampler="tpe", pruner={"algorithm": "median", "warm_up": 3, "grace": 1}, target=0.9, no_gain=5)
        now = study.show()
        self.assertEqual(now["sampler"], {"algorithm": "TPE", "seed": 7}, "the seed stays")
        self.assertEqual((now["pruner"]["algorithm"], now["pruner"]["warm_up"]), ("MEDIAN", 3))
        self.assertEqual((now["objective"]["target"], now["limits"]["no_gain"]), (0.9, {"trials": 5}))
        study.update(pruner="median")
        self.assertNotEqual(study.show()["pruner"]["warm_up"], 3, "a word is the whole pruner")
        study.update(pruner=None, target=None, no_gain=None)
        now = study.show()
        self.assertIn(now["pruner"] and now["pruner"]["algorithm"], (None, "NONE"))
        self.assertEqual((now["objective"]["target"], now["limits"]["no_gain"]), (None, None))

    def test_a_definition_is_all_that_it_is_to_be_and_changes_count_more(self):
        study = self.create(limits={"max_trials": 5, "parallel": 2})
        definition = {"study": "whatever", "objective": {"metric": "accuracy", "goal": "maximize"},
                      "trainer": {"external": {}}, "sampler": {"algorithm": "sobol"},
                      "parameters": {"x": {"min": 0.0, "max": 1.0}, "layers": {"min": 1, "max": 4}},
                      "limits": {"max_trials": 6, "max_failed": 2}, "description": "more"}
        changes = study.update(definition, max_trials=8)
        self.assertEqual({change["field"]: change["after"] for change in changes},
                         {"description": "more", "limits.max_trials": "8", "limits.parallel": "", "limits.max_failed": "2"})
        self.assertEqual(study.show()["sampler"]["seed"], 7)

    def test_what_cannot_change_or_be_is_said_by_field(self):
        study = self.create()
        with self.assertRaises(caviar.InvalidArgument) as caught:
            study.update(max_trials="many", sampler="gpp")
        self.assertEqual(dict(caught.exception.violations), {
            "limits.max_trials": "is 'many'; write a number", "sampler.algorithm": "is 'gpp'; did you mean \"gp\"?"})
        with self.assertRaisesRegex(caviar.InvalidArgument, "^limits.max_trials: 0 is out of range"):
            study.update(max_trials=0)
        with self.assertRaisesRegex(caviar.InvalidArgument, "^parameters.x.max: cannot change from 1 to 2"):
            study.update({"objective": {"metric": "accuracy", "goal": "maximize"}, "trainer": {"external": {}},
                          "sampler": {"algorithm": "sobol"},
                          "parameters": {"x": {"min": 0.0, "max": 2.0}, "layers": {"min": 1, "max": 4}}})
        with self.assertRaisesRegex(TypeError, "'max_trial'; did you mean 'max_trials'"):
            study.update(max_trial=5)
        with self.assertRaisesRegex(TypeError, "what is to change"):
            study.update()

    def test_uploaded_code_stays(self):
        study = self.create(trainer={"command": {"run": ["true"], "code": {"path": "/a"}}})
        self.assertEqual(study.update({
            "objective": {"metric": "accuracy", "goal": "maximize"}, "sampler": {"algorithm": "sobol"},
            "trainer": {"command": {"run": ["true"], "code": {"upload": "."}, "resources": {"gpus": 1}}},
            "parameters": {"x": {"min": 0.0, "max": 1.0}, "layers": {"min": 1, "max": 4}}}),
            [{"field": "trainer.command.resources.gpus", "before": "0", "after": "1"}])

    def test_what_somebody_else_changed_meanwhile_is_not_overwritten(self):
        study = self.create()
        call = study._connection.call

        def interfere(method, request, *more):
            if method == "UpdateStudy":
                self.coordinator.run("study", "update", study.name, "--parallel", "2")
            return call(method, request, *more)

        with mock.patch.object(study._connection, "call", interfere):
            with self.assertRaisesRegex(caviar.Error, "changed meanwhile") as caught:
                study.update(max_trials=5)
        self.assertEqual(caught.exception.reason, "REVISION_CHANGED")


class TrialsTest(CoordinatorTest):
    def test_a_configuration_is_queued_or_a_result_recorded(self):
        study = self.create(parameters={"x": {"min": 0.0, "max": 1.0}, "layers": {"min": 1, "max": 4, "default": 2}})
        recorded = study.add({"x": 0.5}, accuracy=0.6)
        self.assertEqual((recorded["state"], recorded["objective"], recorded["parameters"]),
                         ("COMPLETED", 0.6, {"x": 0.5, "layers": 2}))
        self.assertEqual(study.add({"x": 0.25, "layers": 3})["state"], "WAITING")
        self.assertEqual(study.ask().parameters, {"x": 0.25, "layers": 3})
        for wrong, what in ((float("nan"), "is nan; write a finite number"), (2.5, "2.5 is not a value")):
            with self.assertRaisesRegex(caviar.InvalidArgument, f"^parameters.x: {what}"):
                study.add({"x": wrong})

    def test_retry_makes_a_new_trial_of_the_same_configuration(self):
        study = self.create()
        first = study.ask()
        with self.assertRaises(caviar.Error) as caught:
            study.retry(first.number)
        self.assertEqual(caught.exception.code, "FAILED_PRECONDITION")
        first.fail("no disk")
        again = study.retry(first.number)
        self.assertEqual((again["number"], again["state"], again["parameters"]), (1, "WAITING", first.parameters))
        self.assertEqual(study.ask().number, 1)
        with self.assertRaises(caviar.NotFound):
            study.retry(99)

    def test_cancel_is_for_all_or_none(self):
        study = self.create()
        running, done = study.ask(), study.ask()
        study.add({"x": 0.5, "layers": 1})
        done.tell(0.5)
        with self.assertRaises(caviar.Error) as caught:
            study.cancel(0, 1, 2)
        self.assertEqual(caught.exception.code, "FAILED_PRECONDITION")
        self.assertEqual([trial["state"] for trial in study.trials()], ["RUNNING", "COMPLETED", "WAITING"])
        self.assertEqual([(trial["number"], trial["state"]) for trial in study.cancel(2, 0)],
                         [(2, "CANCELLED"), (0, "CANCELLED")])
        with self.assertRaisesRegex(caviar.LeaseLost, "cancelled"):
            running.report(1, accuracy=0.5)
        with self.assertRaises(caviar.NotFound):
            study.cancel(99)


class MeasurementsTest(CoordinatorTest):
    def measured(self):
        study = self.create()
        for value in (0.5, 0.75):
            trial = study.ask()
            trial.report(1, loss=2, accuracy=value)
            trial.tell(accuracy=value)
        return study

    def test_a_dict_a_value_as_the_command_line_exports_them(self):
        study = self.measured()
        rows = study.measurements()
        self.assertEqual([(row["trial"], row["step"], row["metric"], row["value"]) for row in rows], [
            (0, 1, "accuracy", 0.5), (0, 1, "loss", 2.0), (0, 2, "accuracy", 0.5),
            (1, 1, "accuracy", 0.75), (1, 1, "loss", 2.0), (1, 2, "accuracy", 0.75)])
        header, *lines = self.coordinator.run("export", study.name, "measurements").splitlines()
        self.assertEqual(list(rows[0]), header.split(","))
        self.assertEqual(len(lines), len(rows))
        self.assertEqual(rows[0]["time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"), lines[0].split(",")[-1])

    def test_a_frame_of_them_has_the_same_rows(self):
        study = self.measured()
        frame = mock.Mock()
        with mock.patch.dict(sys.modules, pandas=types.SimpleNamespace(DataFrame=frame)):
            self.assertIs(study.frame("measurements"), frame.return_value)
            with self.assertRaisesRegex(ValueError, "no frame of 'curves'; write \"trials\" or \"measurements\""):
                study.frame("curves")
        (rows,), more = frame.call_args
        self.assertEqual(rows, study.measurements())
        self.assertEqual(more, {"columns": list(rows[0])}, "without a row too")


class UsageTest(CoordinatorTest):
    def test_what_takes_room(self):
        study = self.create()
        study.ask().tell(accuracy=0.5, loss=2)
        usage = self.client.usage()
        self.assertGreater(usage["database_bytes"], 0)
        self.assertGreater(usage["free_disk_bytes"], 0)
        (of_study,) = usage["studies"]
        self.assertEqual((of_study["study"], of_study["trials"], of_study["running"], of_study["measurements"]),
                         (study.name, 1, 0, 2))
        self.assertEqual((of_study["checkpoints"] or {"bytes": 0})["bytes"], 0)


if __name__ == "__main__":
    unittest.main()
