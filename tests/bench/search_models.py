"""Trains the models of search_models.json on the data sets that scikit-learn ships.

Reads one JSON object a line, {"problem": NAME, "configuration": {PARAMETER: VALUE}}, and answers each with the loss to
minimize, or nan where training failed. What was trained once is kept in build/search_models.sqlite.
"""

import json
import math
import os
import pathlib
import sqlite3
import sys
import warnings

os.environ['OMP_NUM_THREADS'] = os.environ['OPENBLAS_NUM_THREADS'] = '1'  # more would only change sums' order

CACHE = pathlib.Path(__file__).resolve().parents[2] / 'build' / 'search_models.sqlite'


def cross_validation(model, data, scoring):
    """The mean over three stratified folds, negated; the folds are always the same."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    folds = StratifiedKFold(n_splits=3, shuffle=True, random_state=0)
    return -cross_val_score(model, *data, cv=folds, scoring=scoring).mean()


def svc_digits(configuration):
    from sklearn import datasets, pipeline, preprocessing, svm

    inputs, labels = datasets.load_digits(return_X_y=True)
    settings = dict(configuration)
    steps = [preprocessing.StandardScaler()] if settings.pop('standardize') else [preprocessing.MinMaxScaler()]
    model = pipeline.make_pipeline(*steps, svm.SVC(max_iter=20000, **settings))
    return 1 + cross_validation(model, (inputs[::2], labels[::2]), 'accuracy')


def boosting_cancer(configuration):
    from sklearn import datasets, ensemble

    model = ensemble.HistGradientBoostingClassifier(early_stopping=False, random_state=0, **configuration)
    return cross_validation(model, datasets.load_breast_cancer(return_X_y=True), 'neg_log_loss')


def mlp_wine(configuration):
    from sklearn import datasets, neural_network, pipeline, preprocessing

    names = {'learning_rate': 'learning_rate_init', 'nesterov': 'nesterovs_momentum', 'beta1': 'beta_1'}
    settings = {names.get(name, name): value for name, value in configuration.items()}
    settings['hidden_layer_sizes'] = (settings.pop('units'),)
    network = neural_network.MLPClassifier(max_iter=20, tol=0, n_iter_no_change=20, random_state=0, **settings)
    model = pipeline.make_pipeline(preprocessing.StandardScaler(), network)
    return cross_validation(model, datasets.load_wine(return_X_y=True), 'neg_log_loss')


MODELS = {model.__name__: model for model in (svc_digits, boosting_cancer, mlp_wine)}


def train(problem, configuration):
    try:
        value = float(MODELS[problem](configuration))
    except (ValueError, FloatingPointError):  # what scikit-learn raises where weights stopped being finite
        return math.nan
    return value if math.isfinite(value) else math.nan


def main():
    warnings.simplefilter('ignore')  # networks that have not converged are meant to be so
    CACHE.parent.mkdir(exist_ok=True)
    cache = sqlite3.connect(CACHE, timeout=60, isolation_level=None)
    cache.execute('CREATE TABLE IF NOT EXISTS losses (key TEXT PRIMARY KEY, loss REAL)')
    for line in sys.stdin:
        request = json.loads(line)
        key = json.dumps(request, sort_keys=True)
        row = cache.execute('SELECT loss FROM losses WHERE key = ?', (key,)).fetchone()
        if row is None:
            loss = train(request['problem'], request['configuration'])
            cache.execute('INSERT OR REPLACE INTO losses VALUES (?, ?)', (key, loss))  # (SQLite stores nan as NULL)
        else:
            loss = math.nan if row[0] is None else row[0]
        print(repr(loss), flush=True)


if __name__ == '__main__':
    main()
