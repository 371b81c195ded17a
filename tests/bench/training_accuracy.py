#!/usr/bin/python3
"""Trains the same networks with Caviar and with PyTorch and compares the accuracies that come out.
Started by training_accuracy.

Both get the same standardized examples, split in the same way, and the same hyperparameters;
initial weights, order and dropout are drawn anew by either for each of the trainings.
"""

import argparse
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

TRAININGS = 5
UNITS = [256, 128]
BATCH = 128

# As PyTorch has it: running statistics keep their start, momentum leaves out the factor 1 - b.
CONVENTIONS = "batch_norm=before_activation,batch_norm_momentum=0.9,bias_correction=false"
CONFIGURATIONS = {
    "adam": {"optimizer": "adam", "learning_rate": 0.001},
    "sgd with momentum": {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9,
                          "momentum_form": "pytorch"},
    "nesterov and dropout": {"optimizer": "nesterov", "learning_rate": 0.01, "momentum": 0.9,
                             "momentum_form": "pytorch", "dropout": 0.2},
}
# Column: precision.
PRECISIONS = {"Caviar": "float32", "Caviar, mixed": "mixed"}


class Examples:
    def __init__(self, folder, part):
        inputs = numpy.fromfile(folder / f"{part}_inputs", numpy.float32).reshape(-1, 784)
        labels = numpy.fromfile(folder / f"{part}_labels", numpy.int32).astype(numpy.int64)
        self.x, self.y = torch.from_numpy(inputs), torch.from_numpy(labels)


def make_network(dropout):
    layers, inputs = [], 784
    for units in UNITS:
        layers += [nn.Linear(inputs, units, bias=False), nn.BatchNorm1d(units), nn.ReLU()]
        if dropout > 0:
            layers.append(nn.Dropout(dropout))
        inputs = units
    layers.append(nn.Linear(inputs, 10))
    for layer in layers:
        if isinstance(layer, nn.Linear):  # He et al. 2015, as initialization: he
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def make_optimizer(network, configuration):
    if configuration["optimizer"] == "adam":
        return torch.optim.Adam(network.parameters(), configuration["learning_rate"])
    return torch.optim.SGD(network.parameters(), configuration["learning_rate"],
                           configuration["momentum"],
                           nesterov=configuration["optimizer"] == "nesterov")


def pytorch_accuracy(train, validation, configuration, epochs, seed):
    torch.manual_seed(seed)
    network = make_network(configuration.get("dropout", 0))
    optimizer = make_optimizer(network, configuration)
    for _ in range(epochs):
        order = torch.randperm(len(train.y))
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(network(train.x[rows]), train.y[rows]).backward()
            optimizer.step()
    network.eval()
    with torch.no_grad():
        return (network(validation.x).argmax(1) == validation.y).double().mean().item()


class Caviar:
    def __init__(self, program, folder):
        self.child = subprocess.Popen([program, str(folder)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, bufsize=1)
        self.answer()

    def answer(self):
        line = self.child.stdout.readline()
        if not line:
            sys.exit(f"caviar_training_accuracy ended with {self.child.wait()}")
        return line

    def accuracy(self, configuration, epochs, trial):
        settings = ",".join(f"{name}={value}" for name, value in configuration.items())
        units = ":".join(map(str, UNITS))
        self.child.stdin.write(f"shape=units,units={units},batch_size={BATCH},{CONVENTIONS},"
                               f"{settings} {epochs} {trial}\n")
        return float(self.answer())


def error_of_mean(values):
    return statistics.stdev(values) / math.sqrt(len(values))


def report(name, ours, theirs):
    """`ours`: columns by name. Returns whether all means differ by less than two standard errors
    from `theirs`."""
    columns = {**ours, "PyTorch": theirs}
    means = {name: statistics.mean(column) for name, column in columns.items()}
    errors = {name: error_of_mean(column) for name, column in columns.items()}
    rows = [(f"{i + 1}", row) for i, row in enumerate(zip(*columns.values()))]
    rows += [("mean", means.values()), ("± error", errors.values())]
    print(f"{name}\n\n| training |", *(f"{name:>13} |" for name in columns))
    print("| -------- |", *("------------: |" for _ in columns))
    for label, row in rows:
        print(f"| {label:<8} |", *(f"{value:13.5f} |" for value in row))
    print()
    agree = True
    for name in ours:
        difference, error = means[name] - means["PyTorch"], math.hypot(errors[name], errors["PyTorch"])
        within = abs(difference) < 2 * error
        print(f"{name} - PyTorch: {difference:+.5f}, {abs(difference) / error:.2f} standard errors: "
              f"{'within noise' if within else 'MORE THAN NOISE'}")
        agree = agree and within
    print(flush=True)
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--caviar", required=True, help="caviar_training_accuracy")
    parser.add_argument("--quick", action="store_true", help="two short trainings of the first")
    arguments = parser.parse_args()
    epochs, trainings = (1, 2) if arguments.quick else (8, TRAININGS)
    configurations = list(CONFIGURATIONS.items())[:1 if arguments.quick else None]

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    agree = True
    with tempfile.TemporaryDirectory() as folder:
        caviar = Caviar(arguments.caviar, folder)
        train, validation = (Examples(pathlib.Path(folder), part)
                             for part in ["train", "validation"])
    print(f"784-{'-'.join(map(str, UNITS))}-10, batch {BATCH}, {epochs} epochs of "
          f"{len(train.y)} examples, accuracy on {len(validation.y)} others:\n")
    for name, configuration in configurations:
        ours = {column: [caviar.accuracy({**configuration, "precision": precision}, epochs, i)
                         for i in range(trainings)]
                for column, precision in PRECISIONS.items()}
        theirs = [pytorch_accuracy(train, validation, configuration, epochs, i)
                  for i in range(trainings)]
        agree = report(name, ours, theirs) and agree
    sys.exit(0 if agree or arguments.quick else 1)


if __name__ == "__main__":
    main()
