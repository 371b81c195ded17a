#!/usr/bin/python3
"""PyTorch's side of training_speed: the same networks on the same data, by the same protocol.

    pytorch_training.py tuned|plain

reads from stdin, as caviar_training_speed does, "train SETTINGS" (answers "ready WAY"), then
"epoch" (answers "speeds TRAINING WHOLE_EPOCH", in examples a second) until "stop".

Both keep the standardized images as one float tensor and take batches out of it by index; a
DataLoader over single examples is several times slower than all the rest. `plain` is what a careful
user writes without a profiler. `tuned` is the fastest that was found: denormals are flushed; the
environment that training_speed.py gives it keeps freed memory and switches the AVX-512 kernels on;
and of the ways below the fastest is taken, tried anew for every network.

What was tried on Zen 4 and brought nothing, or less: jemalloc instead of glibc's allocator so
tuned, OPENBLAS_CORETYPE other than what OpenBLAS chooses, keeping the gradients' memory
(set_to_none=False), torch.jit.trace. There is no fused optimizer for CPUs in 1.13.
"""

import gzip
import sys
import time

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

FOLDER = "/usr/share/datasets/fashion-mnist/"
TRAINING_EXAMPLES = 54000


def load():
    """(inputs, labels) for training and for validation."""
    with gzip.open(FOLDER + "train-images-idx3-ubyte.gz") as file:
        images = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(60000, 784)
    with gzip.open(FOLDER + "train-labels-idx1-ubyte.gz") as file:
        labels = numpy.frombuffer(file.read(), numpy.uint8, offset=8).astype(numpy.int64)
    values = images.astype(numpy.float32)
    known = values[:TRAINING_EXAMPLES]
    values = (values - known.mean(0)) / numpy.maximum(known.std(0), 9)
    x, y = torch.from_numpy(values), torch.from_numpy(labels)
    return (x[:TRAINING_EXAMPLES].clone(), y[:TRAINING_EXAMPLES].clone(),
            x[TRAINING_EXAMPLES:].clone(), y[TRAINING_EXAMPLES:].clone())


def make_network(units):
    layers, inputs = [], 784
    for outputs in units:
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs),
                   nn.ReLU(inplace=True)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Linear(inputs, 10))


def flatten(network):
    """One parameter of which all of the network's are views; its gradient likewise."""
    parameters = list(network.parameters())
    flat = torch.cat([parameter.data.flatten() for parameter in parameters])
    gradient = torch.zeros_like(flat)
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = flat[start:end].view_as(parameter)
        parameter.grad = gradient[start:end].view_as(parameter)
        start = end
    flat = nn.Parameter(flat)
    flat.grad = gradient
    return flat


class Training:
    """`way`: plain, foreach (the optimizer's), script (TorchScript), or flat (one parameter, so
    that the optimizer has a few long operations instead of many short ones)."""

    def __init__(self, settings, data, way):
        self.batch = int(settings["batch_size"])
        self.x, self.y, self.validation_x, self.validation_y = data
        network = make_network([int(width) for width in settings["units"].split(":")])
        self.flat = flatten(network) if way == "flat" else None
        parameters = [self.flat] if way == "flat" else list(network.parameters())
        foreach = True if way == "foreach" else None
        if settings["optimizer"] == "adam":
            self.optimizer = torch.optim.Adam(parameters, 1e-3, foreach=foreach)
        else:
            self.optimizer = torch.optim.SGD(parameters, 0.01, momentum=0.9, foreach=foreach)
        self.network = torch.jit.script(network) if way == "script" else network

    def train(self, examples=TRAINING_EXAMPLES):
        """Returns the seconds of the updates."""
        self.network.train()
        order = torch.randperm(TRAINING_EXAMPLES)
        began = time.perf_counter()
        for start in range(0, examples, self.batch):
            rows = order[start:start + self.batch]
            x, y = self.x.index_select(0, rows), self.y.index_select(0, rows)
            if self.flat is None:
                self.optimizer.zero_grad(set_to_none=True)
            else:
                self.flat.grad.zero_()
            F.cross_entropy(self.network(x), y).backward()
            self.optimizer.step()
        return time.perf_counter() - began

    @torch.no_grad()
    def validate(self):
        self.network.eval()
        logits = self.network(self.validation_x)
        F.cross_entropy(logits, self.validation_y).item()
        (logits.argmax(1) == self.validation_y).sum().item()

    def epoch_speeds(self):
        start = time.perf_counter()
        training = TRAINING_EXAMPLES / self.train()
        self.validate()
        return training, TRAINING_EXAMPLES / (time.perf_counter() - start)


def fastest(settings, data):
    """The way that takes least for a fifth of an epoch, the best of three."""
    trainings = {way: Training(settings, data, way)
                 for way in ["plain", "foreach", "script", "flat"]}
    seconds = {way: [] for way in trainings}
    for training in trainings.values():
        training.train(20 * training.batch)  # TorchScript compiles in the first updates
    for _ in range(3):
        for way, training in trainings.items():
            seconds[way].append(training.train(TRAINING_EXAMPLES // 5))
    return min(seconds, key=lambda way: min(seconds[way]))


def main():
    tuned = sys.argv[1:] == ["tuned"]
    torch.set_num_threads(1)
    if tuned:
        torch.set_flush_denormal(True)
    data = load()
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        if verb == "train":
            settings = dict(setting.split("=") for setting in rest.split(","))
            way = fastest(settings, data) if tuned else "plain"
            training = Training(settings, data, way)
            training.epoch_speeds()
            print("ready", way, flush=True)
        elif verb == "epoch":
            print("speeds %.1f %.1f" % training.epoch_speeds(), flush=True)


if __name__ == "__main__":
    main()
