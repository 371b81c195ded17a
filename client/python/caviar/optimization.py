"""A loop over a study's trials around a function."""

import inspect
import logging
import time
import traceback

from caviar.asked_trial import is_refusal
from caviar.errors import Error, LeaseLost, NoTrial, Pruned, Unavailable
from caviar.program import current_trial

_log = logging.getLogger("caviar")
# So many failures in a row, without a success before, are the function's own fault.
_FAILURES_AT_START = 5
_RETRY_SECONDS = 0.5


class OptimizedTrial:
    """What the function gets: as an AskedTrial, but report() raises Pruned, and the outcome is what it returns."""

    def __init__(self, asked):
        self._asked = asked
        self.study, self.number, self.parameters = asked.study, asked.number, asked.parameters

    def report(self, step, /, **metrics):
        """Hands in metrics; raises caviar.Pruned where the trial is to end. Returns "continue"."""
        if self._asked.report(step, **metrics) != "continue":
            raise Pruned(f"trial {self.number} was stopped at step {step}")
        return "continue"


def optimize(study, function, trials, lease):
    """Study.optimize."""
    takes_trial = next(iter(inspect.signature(function).parameters), None) == "trial"
    failures = done = 0
    while trials is None or done < trials:
        asked = _ask(study, lease)
        if asked is None:
            break
        done += 1
        error = _evaluate(function, takes_trial, asked)
        if error is None:
            failures = None
        elif failures is not None:
            failures += 1
            if failures == _FAILURES_AT_START:
                raise error
    return done


def _ask(study, lease):
    """A trial; None: there will be none any more."""
    while True:
        try:
            return study.ask(lease)
        except NoTrial as error:
            # The message alone tells a refusal for now from one for good: what show() says may be later than it.
            if "limits.parallel" not in str(error):
                if study.show()["trainer"]["external"] is None:
                    raise
                _log.info("%s", error)
                return None
            time.sleep(_RETRY_SECONDS)


def _evaluate(function, takes_trial, asked):
    """Runs the function and tells what came out; returns the exception of a failed one. Raises what keeps the outcome
    from being told: then the trial is left as it is, for others once its lease has lapsed."""
    trial = OptimizedTrial(asked)
    place = current_trial.set(trial)
    try:
        result = function(trial) if takes_trial else function(**asked.parameters)
        if result is None:
            raise TypeError("the function returned nothing; it has to return the objective, or a dict of metrics")
    except Pruned as error:
        _log.info("trial %d of %s: %s", asked.number, asked.study, error)
        if not asked.stopped:
            _fail(asked, error)  # the function's own idea
    except LeaseLost as error:
        _log.warning("trial %d of %s: %s", asked.number, asked.study, error)
    except Unavailable:
        raise  # a report did not get through: not the function's fault
    except Exception as error:  # whatever the user's function raises
        return _failed(asked, error)
    else:
        return _tell(asked, result)
    finally:
        current_trial.reset(place)
        asked.abandon()
    return None


def _tell(asked, result):
    """As _evaluate, of what the function returned."""
    try:
        if isinstance(result, dict):
            asked.tell(**result)
        else:
            asked.tell(result)
    except LeaseLost as error:
        _log.warning("trial %d of %s: %s", asked.number, asked.study, error)
    except Exception as error:
        if isinstance(error, Error) and not is_refusal(error):
            raise  # the result may be right, and must not become a failure
        return _failed(asked, error)
    return None


def _failed(asked, error):
    """Within the exception's handler."""
    _log.warning("trial %d of %s failed\n%s", asked.number, asked.study, traceback.format_exc())
    _fail(asked, error)
    return error


def _fail(asked, error):
    try:
        asked.fail(f"{type(error).__name__}: {error}")
    except LeaseLost:
        pass  # it has ended already
