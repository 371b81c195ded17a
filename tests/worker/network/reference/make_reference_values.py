#!/usr/bin/python3
"""Writes values.json: what PyTorch 1.13 computes, in double precision, for small networks.

tests/worker/network/reference_test.cc reads the file; nothing else needs PyTorch. To write it
anew, on Debian 12 with the package python3-torch:

    tests/worker/network/reference/make_reference_values.py

The file:

    inputs, classes      of every network
    batches              20 batches of 5 to 9 examples, one an update: inputs, labels
    evaluation           one more batch, evaluated after the last update
    initial              by network, "7-6-5-4" from inputs to classes: the layers' parameters before
                         the first update. A case takes the arrays that it has
    seed, trial          that dropout's masks are drawn for
    cases                name, network, hyperparameters, and what came out:
      first              of the first batch, before any update: logits; loss, mean cross-entropy;
                         minimized, that with label smoothing and class weights; gradient, that of
                         what is minimized and of the penalty of l2, not clipped; its norm
      losses             of all batches
      after              of the last update: parameters, running statistics
      evaluation_logits  of the batch `evaluation`, with the running statistics

Hyperparameters have the names, formulas and defaults of
proto/caviar/v1/batch_norm_network_parameters.proto; those that are not written have their default.
Where PyTorch has what they ask for, PyTorch's own function or optimizer computes it; what it lacks
is written out below in plain tensors. Arrays are PyTorch's, row by row: inputs and logits
[examples][values], weights [units][inputs]. A layer is {weights, bias?, gamma?, beta?,
running_mean?, running_variance?}; it has no bias where batch norm follows at once. Running
statistics start at 0 and 1, and that start is still in them, as PyTorch keeps them; evaluation
removes it unless bias_correction is false. All that goes in is a multiple of 1/64, so that float
holds it exactly. Dropout's masks are those that worker/network draws, by its formulas.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

UPDATES = 20
SEED, TRIAL = 5, 3
INPUTS = 7
CLASSES = 4
DEFAULTS = {
    "momentum": 0.9,
    "momentum_form": "course",
    "activation": "relu",
    "batch_norm": "before_activation",
    "batch_norm_momentum": 0.9,
    "batch_norm_epsilon": 1e-5,
    "bias_correction": True,
    "beta1": 0.9,
    "beta2": 0.999,
    "epsilon": 1e-8,
    "l2": 0.0,
    "weight_decay": 0.0,
    "clip_norm": 0.0,
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "class_weights": "none",
}


# Of the cases that do not say otherwise.
USUAL_NETWORK = "7-6-5-4"
USUAL = {"optimizer": "sgd", "learning_rate": 0.05}


def cases():
    """Name, hyperparameters and, where it is not the usual one, network of every case."""
    for activation in ["relu", "leaky_relu", "tanh", "sigmoid", "elu", "gelu"]:
        for batch_norm in ["before_activation", "after_activation", "none"]:
            name = f"{activation}, batch norm {batch_norm.replace('_', ' ')}"
            yield name, {"activation": activation, "batch_norm": batch_norm}
    yield "softmax regression", {}, "7-4"
    yield "three hidden layers", {}, "7-9-6-5-4"
    yield "slow running statistics", {"batch_norm_momentum": 0.99}
    yield "running statistics without correction", {
        "batch_norm_momentum": 0.99, "bias_correction": False}
    yield "large batch norm epsilon", {"batch_norm_epsilon": 0.25}
    for batch_norm in ["before_activation", "after_activation", "none"]:
        name = f"dropout, batch norm {batch_norm.replace('_', ' ')}"
        yield name, {"dropout": 0.25, "batch_norm": batch_norm}
    yield "label smoothing", {"label_smoothing": 0.125}
    yield "class weights", {"class_weights": "1,2.5,0.5,4"}
    yield "label smoothing and class weights", {
        "label_smoothing": 0.125, "class_weights": "1,2.5,0.5,4"}

    yield "sgd without momentum", {"momentum": 0.0}
    yield "sgd, pytorch form", {"momentum_form": "pytorch"}
    yield "nesterov", {"optimizer": "nesterov"}
    yield "nesterov, pytorch form", {"optimizer": "nesterov", "momentum_form": "pytorch"}
    yield "rmsprop", {"optimizer": "rmsprop", "beta2": 0.9, "learning_rate": 0.01}
    yield "adam", {"optimizer": "adam", "learning_rate": 0.01}
    yield "adam, other averages", {
        "optimizer": "adam", "learning_rate": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 0.01}
    yield "adamw", {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.1}
    yield "sgd, l2", {"l2": 0.1}
    yield "adam, l2", {"optimizer": "adam", "learning_rate": 0.01, "l2": 0.1}
    yield "adam, l2, without batch norm", {
        "optimizer": "adam", "learning_rate": 0.01, "l2": 0.1, "batch_norm": "none"}
    yield "sgd, weight decay", {"weight_decay": 0.1}
    yield "nesterov, weight decay", {"optimizer": "nesterov", "weight_decay": 0.1}
    yield "rmsprop, weight decay", {
        "optimizer": "rmsprop", "beta2": 0.9, "learning_rate": 0.01, "weight_decay": 0.1}
    yield "sgd, clipped", {"clip_norm": 0.5}
    yield "adam, clipped", {"optimizer": "adam", "learning_rate": 0.01, "clip_norm": 0.5}
    yield "sgd, clipped with the penalty", {"clip_norm": 0.5, "l2": 0.5}


class Draw:
    """Knuth's linear congruential generator: the same numbers whatever the version of PyTorch."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound

    def sixty_fourths(self, least, most, *shape):
        """Multiples of 1/64 in [least, most] / 64."""
        count = int(torch.tensor(shape).prod())
        values = [least + self.below(most - least + 1) for _ in range(count)]
        return (torch.tensor(values, dtype=torch.float64) / 64).reshape(shape)


def draw_batch(draw, size):
    labels = [draw.below(CLASSES) for _ in range(size)]
    return {"inputs": draw.sixty_fourths(-112, 112, size, INPUTS), "labels": torch.tensor(labels)}


def draw_layers(draw, network):
    """All that a layer may have; each case takes what it needs."""
    sizes = [int(size) for size in network.split("-")]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers.append({
            "weights": draw.sixty_fourths(-56, 56, outputs, inputs),
            "bias": draw.sixty_fourths(-32, 32, outputs),
            "gamma": draw.sixty_fourths(32, 96, outputs),
            "beta": draw.sixty_fourths(-32, 32, outputs),
        })
    for name in ["gamma", "beta"]:
        del layers[-1][name]
    return layers


def mix64(x):
    """SplitMix64's output function."""
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
    return x ^ (x >> 31)


def mix32(x):
    """lowbias32."""
    x = (x ^ (x >> 16)) * 0x7FEB352D % 2**32
    x = (x ^ (x >> 15)) * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def dropout_key(update, layer):
    """CounterRandom(SEED, TRIAL, update, Purpose::kDropout).Bits(layer) of random.h."""
    golden = 0x9E3779B97F4A7C15
    start = 0
    for part in [SEED, TRIAL, update, 3]:
        start = (mix64((start + golden + part) % 2**64) + golden) % 2**64
    return mix64((mix64(start) + (layer + 1) * golden) % 2**64)


def dropout_mask(update, layer, shape, probability):
    """0 or 1 / (1 - probability), as DrawDropoutMask of dropout.h."""
    key = dropout_key(update, layer)
    bits = [mix32((mix32(i ^ (key % 2**32)) + (key >> 32)) % 2**32) for i in range(shape.numel())]
    kept = torch.tensor(bits) >= int(probability * 2**32)
    return kept.double().reshape(shape) / (1 - probability)


def activate(name, x):
    return {
        "relu": F.relu,
        "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "elu": F.elu,
        "gelu": F.gelu,  # x * Phi(x), with the error function
    }[name](x)


class Network:
    def __init__(self, hyperparameters, initial):
        self.h = hyperparameters
        self.layers = []
        self.updates = 0
        for i, given in enumerate(initial):
            layer = {name: value.clone() for name, value in given.items()}
            if i + 1 < len(initial):
                if self.h["batch_norm"] == "before_activation":
                    del layer["bias"]
                if self.h["batch_norm"] == "none":
                    del layer["gamma"], layer["beta"]
            for value in layer.values():
                value.requires_grad_()
            if "gamma" in layer:
                layer["running_mean"] = torch.zeros(len(layer["gamma"]), dtype=torch.float64)
                layer["running_variance"] = torch.ones(len(layer["gamma"]), dtype=torch.float64)
            self.layers.append(layer)

    def normalize(self, layer, x, training):
        mean, variance = layer["running_mean"], layer["running_variance"]
        if not training and self.h["bias_correction"]:
            start = self.h["batch_norm_momentum"] ** self.updates
            mean = mean / (1 - start)
            variance = (variance - start) / (1 - start)
        return F.batch_norm(x, mean, variance, layer["gamma"], layer["beta"], training,
                            1 - self.h["batch_norm_momentum"], self.h["batch_norm_epsilon"])

    def forward(self, x, training):
        """Logits. Training moves the running statistics."""
        for i, layer in enumerate(self.layers[:-1]):
            x = F.linear(x, layer["weights"], layer.get("bias"))
            if self.h["batch_norm"] == "before_activation":
                x = self.normalize(layer, x, training)
            x = activate(self.h["activation"], x)
            if self.h["batch_norm"] == "after_activation":
                x = self.normalize(layer, x, training)
            if training and self.h["dropout"] > 0:
                x = x * dropout_mask(self.updates, i, x.shape, self.h["dropout"])
        return F.linear(x, self.layers[-1]["weights"], self.layers[-1]["bias"])

    def minimized(self, logits, labels):
        weights = None
        if self.h["class_weights"] != "none":
            values = [float(weight) for weight in self.h["class_weights"].split(",")]
            weights = torch.tensor(values, dtype=torch.float64)
        return F.cross_entropy(logits, labels, weights,
                               label_smoothing=self.h["label_smoothing"])

    def penalty(self):
        return self.h["l2"] / 2 * sum(layer["weights"].square().sum() for layer in self.layers)

    def parameters(self):
        return [value for layer in self.layers for value in layer.values() if value.requires_grad]

    def gradient_norm(self):
        return sum(value.grad.square().sum() for value in self.parameters()).sqrt()

    def snapshot(self, gradient=False):
        return [{name: (value.grad if gradient else value).detach().clone()
                 for name, value in layer.items() if value.requires_grad or not gradient}
                for layer in self.layers]


class CourseMomentum:
    """v <- b v + (1 - b) g; w <- w - a v, or by Nesterov w <- w - a (b v + (1 - b) g)."""

    def __init__(self, parameters, h):
        self.parameters = parameters
        self.rate, self.b = h["learning_rate"], h["momentum"]
        self.nesterov = h["optimizer"] == "nesterov"
        self.velocities = [torch.zeros_like(value) for value in parameters]

    @torch.no_grad()
    def step(self):
        for w, v in zip(self.parameters, self.velocities):
            v.copy_(self.b * v + (1 - self.b) * w.grad)
            w -= self.rate * (self.b * v + (1 - self.b) * w.grad if self.nesterov else v)


def make_optimizer(network):
    h = network.h
    parameters = network.parameters()
    rate = h["learning_rate"]
    if h["optimizer"] in ["sgd", "nesterov"]:
        if h["momentum_form"] == "course" and h["momentum"] > 0:
            return CourseMomentum(parameters, h)
        return torch.optim.SGD(parameters, rate, h["momentum"],
                               nesterov=h["optimizer"] == "nesterov")
    if h["optimizer"] == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, h["beta2"], h["epsilon"])
    betas = (h["beta1"], h["beta2"])
    if h["optimizer"] == "adam":
        return torch.optim.Adam(parameters, rate, betas, h["epsilon"])
    weights = [layer["weights"] for layer in network.layers]
    others = [value for value in parameters if all(value is not w for w in weights)]
    return torch.optim.AdamW([{"params": weights, "weight_decay": h["weight_decay"]},
                              {"params": others, "weight_decay": 0.0}], rate, betas, h["epsilon"])


@torch.no_grad()
def clip(network):
    """As clip_grad_norm_, which adds 1e-6 to the norm before it divides."""
    limit, norm = network.h["clip_norm"], network.gradient_norm()
    if 0 < limit < norm:
        for value in network.parameters():
            value.grad *= limit / norm


@torch.no_grad()
def decay(network):
    """Decoupled, as AdamW does it, for the optimizers to which PyTorch gives no such thing."""
    if network.h["optimizer"] != "adamw":
        for layer in network.layers:
            layer["weights"] *= 1 - network.h["learning_rate"] * network.h["weight_decay"]


def compute(data, name, chosen, shape=USUAL_NETWORK):
    h = {**USUAL, **chosen}
    network = Network({**DEFAULTS, **h}, data["initial"][shape])
    optimizer = make_optimizer(network)
    case = {"name": name, "network": shape, "hyperparameters": h, "losses": []}
    for i, batch in enumerate(data["batches"]):
        for value in network.parameters():
            value.grad = None
        logits = network.forward(batch["inputs"], training=True)
        loss = F.cross_entropy(logits, batch["labels"])
        minimized = network.minimized(logits, batch["labels"])
        (minimized + network.penalty()).backward()
        network.updates += 1
        case["losses"].append(loss.item())
        if i == 0:
            case["first"] = {"logits": logits.detach(), "loss": loss.item(),
                             "minimized": minimized.item(),
                             "gradient": network.snapshot(gradient=True),
                             "gradient_norm": network.gradient_norm().item()}
        clip(network)
        decay(network)
        optimizer.step()
    case["after"] = network.snapshot()
    with torch.no_grad():
        case["evaluation_logits"] = network.forward(data["evaluation"]["inputs"], training=False)
    return case


def plain(value):
    """As JSON holds it: flat arrays, ten significant digits."""
    if isinstance(value, torch.Tensor):
        return plain(value.flatten().tolist())
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value


def write(data, path):
    """A line for each thing that a person might look for."""
    def line(value):
        return json.dumps(plain(value), separators=(",", ":"))

    parts = []
    for name, value in data.items():
        if isinstance(value, list):
            parts.append(f'"{name}":[\n' + ",\n".join(line(entry) for entry in value) + "]")
        else:
            parts.append(f'"{name}":{line(value)}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def main():
    torch.set_num_threads(1)
    draw = Draw(2015)
    batches = [draw_batch(draw, 5 + i % 5) for i in range(UPDATES)]
    networks = [USUAL_NETWORK, "7-4", "7-9-6-5-4"]
    data = {
        "made_by": f"make_reference_values.py with PyTorch {torch.__version__}",
        "seed": SEED,
        "trial": TRIAL,
        "inputs": INPUTS,
        "classes": CLASSES,
        "batches": batches,
        "evaluation": draw_batch(draw, 6),
        "initial": {network: draw_layers(draw, network) for network in networks},
    }
    data["cases"] = [compute(data, *case) for case in cases()]
    write(data, pathlib.Path(__file__).with_name("values.json"))


if __name__ == "__main__":
    main()
