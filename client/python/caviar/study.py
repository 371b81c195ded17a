"""One study: its definition, its trials, and what they measured."""

import time

from caviar import errors
from caviar.asked_trial import AskedTrial
from caviar.connection import PAGE
from caviar.optimization import optimize
from caviar.program import number
from caviar.study_definition import to_study
from caviar.study_update import apply_changes
from caviar.v1 import study_service_pb2
from caviar.values import plain, to_value

# Trials with all their measurements, which may be many.
_WHOLE_PAGE = 10


class Study:
    """One study. name; objectives: the names of their metrics. Thread safe."""

    def __init__(self, connection, message):
        self.name = message.name
        self.objectives = [each.metric for each in message.objectives or [message.objective]]
        self._parameters = [parameter.name for parameter in message.parameters]  # in the user's order
        self._connection = connection

    def __repr__(self):
        return f"<caviar.Study {self.name!r} at {self._connection.address}>"

    def show(self):
        """Definition and state as a dict."""
        return plain(self._call("GetStudy", study_service_pb2.GetStudyRequest))

    def ask(self, lease=60.0):
        """A trial to evaluate, of a study with `trainer: {external: {}}`. caviar.NoTrial: there is none now.

        lease: seconds after which others may get it; a thread renews it until the trial is told.
        """
        request = study_service_pb2.AskTrialRequest(study=self.name)
        request.lease.FromMilliseconds(round(lease * 1000))
        answer = self._connection.call("AskTrial", request)
        return AskedTrial(self._connection, self.name, self.objectives, answer,
                          self._ordered(plain(answer.trial)["parameters"]), lease)

    def optimize(self, function, trials=None, lease=60.0):
        """Asks for trials, runs the function on each and tells what it returned, until so many are done or there are no
        more. Returns how many were done here; several processes may do so at once.

        The function is called as function(trial) if its first parameter has the name trial, else as
        function(**parameters). It returns the objective, or a dict of metrics; not finite: INFEASIBLE. In it
        caviar.report(step, ...) and trial.report(step, ...) raise caviar.Pruned where the trial is to end. An exception,
        or a result that the coordinator refuses, makes the trial FAILED and is logged; five such trials before the first
        good one raise it. caviar.Unavailable: the coordinator was away, or too busy, for longer than the client's
        patience; the trial goes to another asker.
        """
        return optimize(self, function, trials, lease)

    def add(self, parameters, /, **metrics):
        """Queues a configuration, which is tried next, or with metrics records its result.

            study.add({"x": 0.5, "layers": 2}, accuracy=0.91)

        Parameters that are left out take their default. Returns the trial as a dict. caviar.InvalidArgument: a value
        that cannot be; caviar.Error: the study has ended, or has all its trials.
        """
        request = study_service_pb2.AddTrialRequest(study=self.name)
        for name, value in parameters.items():
            try:
                to_value(value, request.parameters[name])
            except ValueError as error:
                raise errors.InvalidArgument([(f"parameters.{name}", str(error))]) from None
        for name, value in metrics.items():
            request.completed.metrics[name] = number(name, value)
        return self._trial(self._connection.call("AddTrial", request))

    def retry(self, number, /):
        """Queues the configuration of a trial that has ended once more. Returns the new trial as a dict. caviar.Error:
        it has not ended, or the study has; caviar.NotFound."""
        return self._trial(self._call("RetryTrial", study_service_pb2.RetryTrialRequest, number=number))

    def cancel(self, *numbers):
        """Cancels trials that wait, run or are paused: all of these, at most 200, or none. Returns them as dicts.
        caviar.Error: one has ended otherwise; caviar.NotFound."""
        answer = self._call("CancelTrials", study_service_pb2.CancelTrialsRequest, numbers=numbers)
        return [self._trial(trial) for trial in answer.trials]

    def update(self, definition=None, /, *, dry_run=False, **changes):
        """Changes the study as far as its trials go on meaning the same; one that has ended goes on by it.

            study.update(max_trials=200, parallel=8, pruner="median")

        changes: max_trials, parallel, max_failed, max_duration ("8h" or a timedelta), max_attempts, max_steps, no_gain
        (trials), weight, target; None: no limit. sampler and pruner: a word such as "gp" or "asha", or a dict as in a
        study file. definition: all that the study is to be, as for create_study; its name does not count, and changes
        count more than it.

        Returns what differs, with dry_run without changing it, as a list of dicts: field, before, after. Empty: it is
        so already.
        caviar.InvalidArgument: something that cannot change, or be; caviar.Error: it would end again at once, or, with
        the reason "REVISION_CHANGED", somebody else changed it meanwhile.
        """
        if definition is None and not changes:
            raise TypeError("what is to change? Give a definition, or changes such as max_trials=200")
        now = self._call("GetStudy", study_service_pb2.GetStudyRequest)
        request = study_service_pb2.UpdateStudyRequest(study=self.name, revision=now.revision, validate_only=dry_run,
                                                       definition=now if definition is None else to_study(definition))
        if now.trainer.command.HasField("code") and request.definition.trainer.HasField("command"):
            request.definition.trainer.command.code.CopyFrom(now.trainer.command.code)  # what was uploaded stays
        apply_changes(changes, request.definition)
        return [plain(change) for change in self._connection.call("UpdateStudy", request).changes]

    def differs_from(self, definition):
        """Whether update(definition) would change something, or be refused."""
        try:
            return bool(self.update(definition, dry_run=True))
        except errors.Unavailable:
            raise
        except errors.Error:
            return True  # in what cannot change, or what it would end by

    def best(self, count=None):
        """The best trial as a dict, or None; with `count` a list of the best ones, of several objectives the Pareto
        front."""
        if count is None and len(self.objectives) > 1:
            raise ValueError(f"study {self.name} has several objectives, so none is the best; best(count=10) gives the "
                             "Pareto front")
        request = study_service_pb2.ListBestTrialsRequest(study=self.name, count=count or 1,
                                                          view=study_service_pb2.TRIAL_VIEW_FULL)
        found = [self._trial(trial) for trial in self._connection.call("ListBestTrials", request).trials]
        return found if count is not None else found[0] if found else None

    def trials(self, measurements=False):
        """All trials as dicts, by number; with their curves where `measurements`."""
        return [self._trial(trial) for trial in self._all_trials(whole=measurements)]

    def measurements(self):
        """All that the trials measured, a dict a value by trial, step and metric: trial (its number), step, metric,
        value, time (in UTC). Of each trial the newest attempt's."""
        return [{"trial": trial.number, "step": measurement["step"], "metric": metric, "value": value,
                 "time": measurement["time"]}
                for trial in self._all_trials(whole=True)
                for measurement in map(plain, trial.measurements)
                for metric, value in measurement["metrics"].items()]

    def frame(self, what="trials"):
        """All trials as a pandas DataFrame: number, state, objective, times, and a column for each parameter, which is
        "parameters.NAME" where its name is one of the others. Or frame("measurements"): a row a value, with the columns
        trial, step, metric, value, time."""
        import pandas

        if what == "measurements":
            return pandas.DataFrame(self.measurements(), columns=["trial", "step", "metric", "value", "time"])
        if what != "trials":
            raise ValueError(f"there is no frame of {what!r}; write \"trials\" or \"measurements\"")
        first = ["number", "state", "objective", "objective_step", "last_step", "worker", "create_time", "start_time",
                 "end_time", "origin"]
        columns = {name: f"parameters.{name}" if name in first else name for name in self._parameters}
        return pandas.DataFrame(
            [{**{key: trial[key] for key in first},
              **{column: trial["parameters"].get(name) for name, column in columns.items()}}
             for trial in self.trials()],
            columns=[*first, *columns.values()])

    def stop(self, end=False):
        """Hands out no more trials, and with `end` is over for good."""
        self._call("StopStudy", study_service_pb2.StopStudyRequest, end=end)

    def resume(self):
        """Hands out trials again after stop()."""
        self._call("ResumeStudy", study_service_pb2.ResumeStudyRequest)

    def delete(self):
        """Erases it with all that it has."""
        self._call("DeleteStudy", study_service_pb2.DeleteStudyRequest)

    def wait(self, timeout=None):
        """Waits until it has ended and, where it has a test set, was evaluated. Returns it as show() does. TimeoutError
        after so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            now = self.show()
            evaluation = now["test_evaluation"]
            if now["state"] == "ENDED" and (evaluation is None or evaluation["state"] in ("COMPLETED", "FAILED")):
                return now
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"study {self.name} is {now['state']} after {timeout} s")
            time.sleep(0.5)

    def _call(self, method, kind, **fields):
        return self._connection.call(method, kind(study=self.name, **fields))

    def _all_trials(self, whole):
        """As messages."""
        view = study_service_pb2.TRIAL_VIEW_FULL if whole else study_service_pb2.TRIAL_VIEW_BASIC
        request = study_service_pb2.ListTrialsRequest(study=self.name, view=view)
        return self._connection.pages("ListTrials", request, "trials", _WHOLE_PAGE if whole else PAGE)

    def _trial(self, message):
        trial = plain(message)
        trial["parameters"] = self._ordered(trial["parameters"])
        return trial

    def _ordered(self, parameters):
        return {name: parameters[name] for name in self._parameters if name in parameters}
