"""A coordinator, and its studies."""

import os
import time

from caviar import errors
from caviar.asked_trial import AskedTrial
from caviar.connection import Connection
from caviar.credentials import Credentials
from caviar.optimization import optimize
from caviar.program import number
from caviar.study_definition import to_study
from caviar.v1 import server_service_pb2, study_service_pb2
from caviar.values import plain, to_value

_DEFAULT_ADDRESS = "127.0.0.1:7461"
_PAGE = 1000


def connect(address=None, patience=60.0, **credentials):
    """A client of the coordinator at host:port; by default $CAVIAR_COORDINATOR, else 127.0.0.1:7461.

    patience: for so many seconds each call goes on trying while no coordinator answers. caviar.Unavailable: there is
    none now. credentials: token_file, tls_ca, tls_cert, tls_key; caviar.credentials says what they are by default.
    """
    client = Client(address or os.environ.get("CAVIAR_COORDINATOR") or _DEFAULT_ADDRESS, patience,
                    Credentials(**credentials))
    client.status(patience=min(patience, 5.0))
    return client


class Client:
    """Thread safe; in a child after fork it connects anew."""

    def __init__(self, address, patience=60.0, credentials=None):
        self._connection = Connection(address, patience, credentials)

    def create_study(self, definition, exist_ok=False):
        """Creates a study and returns it. `definition` is the study file as a dict, with the same words:

            {"study": "own", "objective": {"metric": "accuracy", "goal": "maximize"}, "trainer": {"external": {}},
             "parameters": {"learning_rate": {"min": 1e-4, "max": 0.1, "scale": "log"}}}

        caviar.InvalidArgument has everything that is wrong. exist_ok: one of this name is returned as it is, instead of
        caviar.AlreadyExists.
        """
        request = study_service_pb2.CreateStudyRequest(study=to_study(definition))
        if request.study.trainer.command.code.upload:
            raise errors.InvalidArgument([("trainer.command.code.upload", "is packed by the command line: "
                                           "`caviar study create`; here write {'path': ...}")])
        try:
            return Study(self._connection, self._connection.call("CreateStudy", request))
        except errors.AlreadyExists:
            if not exist_ok:
                raise
            return self.study(request.study.name)

    def check_study(self, definition):
        """Has the coordinator check a definition, and stores nothing; returns it as a dict, with what was filled in."""
        request = study_service_pb2.CreateStudyRequest(study=to_study(definition), validate_only=True)
        return plain(self._connection.call("CreateStudy", request))

    def study(self, name):
        """A study that is there. caviar.NotFound."""
        return Study(self._connection, self._connection.call("GetStudy", study_service_pb2.GetStudyRequest(study=name)))

    def studies(self):
        """All of them as dicts, the newest last."""
        return list(_pages(self._connection, "ListStudies", study_service_pb2.ListStudiesRequest(), "studies"))

    def status(self, patience=None):
        """The coordinator's, as a dict."""
        request = server_service_pb2.GetServerStatusRequest()
        return plain(self._connection.call("GetServerStatus", request, patience))

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


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
        caviar.report(step, ...) and trial.report(step, ...) raise caviar.Pruned where the trial is to end. An exception
        makes the trial FAILED and is logged; five such trials before the first good one raise it.
        """
        return optimize(self, function, trials, lease)

    def add(self, parameters, **metrics):
        """Queues a configuration, or with metrics records its result. Returns the trial as a dict."""
        request = study_service_pb2.AddTrialRequest(study=self.name)
        for name, value in parameters.items():
            to_value(value, request.parameters[name])
        for name, value in metrics.items():
            request.completed.metrics[name] = number(name, value)
        return self._trial(self._connection.call("AddTrial", request))

    def best(self, count=None):
        """The best trial as a dict, or None; with `count` a list of the best ones, of several objectives the Pareto front."""
        if count is None and len(self.objectives) > 1:
            raise ValueError(f"study {self.name} has several objectives, so none is the best; best(count=10) gives the "
                             "Pareto front")
        request = study_service_pb2.ListBestTrialsRequest(study=self.name, count=count or 1,
                                                          view=study_service_pb2.TRIAL_VIEW_FULL)
        found = [self._trial(trial) for trial in self._connection.call("ListBestTrials", request).trials]
        return found if count is not None else found[0] if found else None

    def trials(self, measurements=False):
        """All trials as dicts, by number; with their curves where `measurements`."""
        view = study_service_pb2.TRIAL_VIEW_FULL if measurements else study_service_pb2.TRIAL_VIEW_BASIC
        request = study_service_pb2.ListTrialsRequest(study=self.name, view=view)
        trials = list(_pages(self._connection, "ListTrials", request, "trials"))
        for trial in trials:
            trial["parameters"] = self._ordered(trial["parameters"])
        return trials

    def frame(self):
        """All trials as a pandas DataFrame: number, state, objective, times, and a column for each parameter, which is
        "parameters.NAME" where its name is one of the others."""
        import pandas

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

    def _trial(self, message):
        trial = plain(message)
        trial["parameters"] = self._ordered(trial["parameters"])
        return trial

    def _ordered(self, parameters):
        return {name: parameters[name] for name in self._parameters if name in parameters}


def _pages(connection, method, request, field):
    """All rows of a list as dicts, page by page."""
    request.page_size = _PAGE
    while True:
        answer = connection.call(method, request)
        yield from map(plain, getattr(answer, field))
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token
