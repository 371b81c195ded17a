"""A trial that was asked for: the right to evaluate it, kept by a thread until it is told."""

import threading

from caviar.errors import Error, LeaseLost, Unavailable
from caviar.program import number
from caviar.v1 import study_service_pb2

_WORDS = {study_service_pb2.DIRECTIVE_CONTINUE: "continue", study_service_pb2.DIRECTIVE_STOP: "stop",
          study_service_pb2.DIRECTIVE_PAUSE: "pause"}
# The coordinator's words on what it was sent. All others may come of the way there, or of its own state.
_REFUSALS = ("INVALID_ARGUMENT", "OUT_OF_RANGE", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED")


def is_refusal(error):
    """Whether an outcome was refused for good: nothing of it is stored, and no other try or caller would fare better."""
    return isinstance(error, Error) and error.code in _REFUSALS and not isinstance(error, Unavailable)


class AskedTrial:
    """What Study.ask() gives. study: its name; number; parameters: a dict by name; stopped: it has ended already.

    Exactly one of tell, fail and infeasible ends it. As a context manager it is failed by an exception (not by
    KeyboardInterrupt, nor where the coordinator could not be told: then another asker gets it once the lease lapses).
    Thread safe.
    """

    def __init__(self, connection, study, objectives, answer, parameters, lease):
        self.study = study
        self.number = answer.trial.number
        self.parameters = parameters
        self.stopped = False
        self._connection = connection
        self._objectives = objectives
        self._token = answer.token
        self._told = threading.Event()
        self._untold = False  # it has an outcome that did not get through
        self._renewing = threading.Thread(target=self._renew, args=(lease / 3,), daemon=True,
                                          name=f"lease of {study}/{self.number}")
        self._renewing.start()

    def report(self, step, /, **metrics):
        """Stores metrics measured at a step; returns "continue", or "stop": the trial was pruned.
        caviar.LeaseLost: it was cancelled, or given to another."""
        request = self._request(study_service_pb2.ReportTrialRequest)
        measurement = request.measurements.add(step=step)
        for name, value in metrics.items():
            measurement.metrics[name] = number(name, value)
        return self._send(request)

    def tell(self, value=None, /, **metrics):
        """Ends it with its result: tell(0.93) where there is one objective, else tell(accuracy=0.93, size=3).

        An objective that is not finite makes it INFEASIBLE. Returns the state that the trial has then: "COMPLETED",
        "INFEASIBLE"; "PRUNED" where it was ended before.
        """
        if value is not None:
            if len(self._objectives) != 1:
                raise ValueError(f"study {self.study} has the objectives {', '.join(self._objectives)}: give each by name")
            metrics[self._objectives[0]] = value
        request = self._request(study_service_pb2.TellTrialRequest)
        request.completed.SetInParent()
        for name, each in metrics.items():
            request.completed.metrics[name] = number(name, each)
        return self._end(request)

    def fail(self, message=""):
        """Ends it: it could not be evaluated."""
        request = self._request(study_service_pb2.TellTrialRequest)
        request.failed.message = message[:4096]
        return self._end(request)

    def infeasible(self, message=""):
        """Ends it: it was evaluated, and has no finite result."""
        request = self._request(study_service_pb2.TellTrialRequest)
        request.infeasible.message = message[:4096]
        return self._end(request)

    def abandon(self):
        """Renews its lease no longer: it is given to another asker once that has lapsed."""
        self._told.set()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        away = self._untold or isinstance(error, Unavailable)
        if isinstance(error, Exception) and not away and not self._told.is_set():
            self.fail(f"{kind.__name__}: {error}")
        self.abandon()

    def _request(self, kind):
        return kind(study=self.study, number=self.number, token=self._token)

    def _send(self, request, patience=None):
        directive = self._connection.call("ReportTrial", request, patience).directive
        self.stopped = self.stopped or directive == study_service_pb2.DIRECTIVE_STOP
        return _WORDS.get(directive, "continue")

    def _end(self, request):
        try:
            trial = self._connection.call("TellTrial", request)
        except Error as error:
            self._untold = not is_refusal(error)
            raise
        self._told.set()
        return trial.DESCRIPTOR.enum_types_by_name["State"].values_by_number[trial.state].name

    def _renew(self, interval):
        while not self._told.wait(interval):
            try:
                # A report without measurements renews the lease.
                if self._send(self._request(study_service_pb2.ReportTrialRequest), patience=interval) == "stop":
                    return
            except LeaseLost:
                self.stopped = True
                return
            except Error:
                pass  # the coordinator is away; perhaps it is back before the lease has lapsed
