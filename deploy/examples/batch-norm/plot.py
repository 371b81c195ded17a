#!/usr/bin/python3
"""Draws what the studies of `run` found, in the terminal and as SVG files.

    plot.py --figures FOLDER EXPORT.json...

An export is what `caviar export NAME --format json` prints.
"""

import argparse
import collections
import json
import pathlib

import figure

# By the value of batch_norm: what a reader calls it, and its colour in figures.
PLACES = {
    "before_activation": ("before the activation", "#1565c0"),
    "after_activation": ("after the activation", "#2e7d32"),
    "none": ("without", "#c62828"),
}
# Of a deep network in a few epochs: it trains at all, and it has come far.
TRAINS = 0.75
FAR = 0.8


class Trial:
    def __init__(self, entry):
        parameters = entry["parameters"]
        self.place = parameters["batch_norm"]
        self.rate = float(parameters["learning_rate"])
        # Validation accuracy after each epoch; none where it diverged in the first.
        self.curve = [measurement["metrics"]["validation_accuracy"]
                      for measurement in entry.get("measurements", [])]

    def best(self):
        """0.1 is what guessing gives: a network that diverged is no better."""
        return max(self.curve, default=0.1)

    def epochs_until(self, accuracy):
        """Between two epochs the accuracy is taken to grow evenly. None: it did not get there."""
        before = 0.1
        for epoch, value in enumerate(self.curve):
            if value >= accuracy:
                return epoch + (accuracy - before) / (value - before)
            before = value
        return None


def read(paths):
    """Trials by experiment."""
    trials = {"learning-rates": [], "first-experiment": []}
    for path in paths:
        export = json.loads(pathlib.Path(path).read_text())
        for experiment, found in trials.items():
            if f"-{experiment}-" in export["study"]["name"]:
                found += [Trial(entry) for entry in export["trials"]]
    return trials


def by_place_and_rate(trials):
    """{place: {rate: [trial of each seed]}}, both in order."""
    found = {place: collections.defaultdict(list) for place in PLACES}
    for trial in sorted(trials, key=lambda trial: trial.rate):
        found[trial.place][trial.rate].append(trial)
    return {place: rates for place, rates in found.items() if rates}


def mean(values):
    return sum(values) / len(values)


def lines_of(found, value):
    """A line for each place: the mean over seeds at each rate, where every seed has a value."""
    lines = []
    for place, rates in found.items():
        points = []
        for rate, trials in rates.items():
            values = [value(trial) for trial in trials]
            if None not in values:
                points.append((rate, mean(values), min(values), max(values)))
        lines.append(figure.Line(*PLACES[place], points))
    return lines


def rate_axis(found):
    rates = [rate for rates in found.values() for rate in rates]
    return figure.Axis("learning rate", min(rates), max(rates), logarithmic=True)


def accuracies(found, epochs):
    return figure.Figure(
        f"Accuracy by learning rate: the best of {epochs} epochs, mean and range over seeds",
        rate_axis(found), figure.Axis("validation accuracy", 0.0, 1.0),
        lines_of(found, Trial.best))


def speeds(found, epochs):
    return figure.Figure(
        f"Epochs to {FAR:.0%} accuracy by learning rate, where all seeds get there",
        rate_axis(found), figure.Axis("epochs", 0.0, float(epochs)),
        lines_of(found, lambda trial: trial.epochs_until(FAR)))


def curves(found, rate):
    lines = []
    for place, rates in found.items():
        runs = zip(*(trial.curve for trial in rates[rate]))
        points = [(epoch + 1, mean(values), min(values), max(values))
                  for epoch, values in enumerate(runs)]
        lines.append(figure.Line(*PLACES[place], points))
    return figure.Figure(
        f"Three layers of 100 sigmoid units, learning rate {rate:g}: with batch norm and without",
        figure.Axis("epochs of 900 updates"), figure.Axis("validation accuracy", 0.4, 0.9), lines)


def print_ranges(found):
    """Which rates train from every seed."""
    print(f"Learning rates that reach {TRAINS:.0%} from every seed, and the fastest one:\n")
    print("| batch norm | from | to | epochs to "
          f"{FAR:.0%} | at |\n| --- | ---: | ---: | ---: | ---: |")
    for place, rates in found.items():
        good = [rate for rate, trials in rates.items()
                if min(trial.best() for trial in trials) >= TRAINS]
        fast = [(mean(epochs), rate) for rate, trials in rates.items()
                if None not in (epochs := [trial.epochs_until(FAR) for trial in trials])]
        row = [f"{good[0]:g}", f"{good[-1]:g}"] if good else ["-", "-"]
        row += [f"{min(fast)[0]:.2f}", f"{min(fast)[1]:g}"] if fast else ["-", "-"]
        print(f"| {PLACES[place][0]} | {' | '.join(row)} |")
    print()


def print_curves(found):
    print("Three layers of 100 sigmoid units, mean accuracy over seeds after so many epochs:\n")
    print("| learning rate | batch norm | 1 | 5 | 10 | 20 |\n"
          "| ---: | --- | ---: | ---: | ---: | ---: |")
    for rate in next(iter(found.values())):
        for place, rates in found.items():
            cells = [f"{mean([trial.curve[epoch - 1] for trial in rates[rate]]):.3f}"
                     if all(len(trial.curve) >= epoch for trial in rates[rate]) else "-"
                     for epoch in [1, 5, 10, 20]]
            print(f"| {rate:g} | {PLACES[place][0]} | {' | '.join(cells)} |")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", required=True, type=pathlib.Path, help="folder for the SVGs")
    parser.add_argument("exports", nargs="+")
    arguments = parser.parse_args()
    trials = read(arguments.exports)
    rates = by_place_and_rate(trials["learning-rates"])
    first = by_place_and_rate(trials["first-experiment"])
    epochs = max(len(trial.curve) for trial in trials["learning-rates"])

    figures = {"accuracy": accuracies(rates, epochs), "epochs": speeds(rates, epochs)}
    for rate in next(iter(first.values())):
        figures[f"first-experiment-{rate:g}"] = curves(first, rate)
    for name, drawing in figures.items():
        print(drawing.text())
        (arguments.figures / f"{name}.svg").write_text(drawing.svg())
    print_ranges(rates)
    print_curves(first)
    print("Figures: " + ", ".join(str(arguments.figures / f"{name}.svg") for name in figures))


if __name__ == "__main__":
    main()
