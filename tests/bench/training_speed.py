#!/usr/bin/python3
"""Measures Caviar's trainer beside PyTorch and prints the tables. Started by training_speed.

The programs that are compared are there at the same time, pinned to the same core, and are told in
turns to train an epoch, so that whatever else the machine does meets all of them alike.
"""

import argparse
import collections
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

# Hidden units, batch, optimizer, and the ratio to tuned PyTorch that is the aim.
CONFIGURATIONS = [
    ([256, 128], 64, "adam", 2.3),
    ([256, 128], 128, "adam", 2.0),
    ([256, 128], 512, "adam", 1.5),
    ([512, 512, 256], 128, "adam", 1.65),
    ([512, 512, 256], 512, "sgd", 1.15),
]
# In whose step the parts are looked at, and with whom two run at once.
EXAMPLE = CONFIGURATIONS[1]

# Of each round, with every library.
GEMM_SECONDS = 0.3

# Parts of a step, by the source file in which an instruction is, or is called from: the innermost
# that is named here counts. Code that no file holds is that which oneDNN made.
PARTS = [
    ("GEMM", r"^jit$|libdnnl|libblas|GeneralBlockPanel|GeneralMatrix|matrix_product|mixed_product|gemm"),
    ("batch norm", r"batch_norm"),
    ("activation", r"activation|dropout"),
    ("loss", r"softmax_cross_entropy"),
    ("optimizer", r"network/optimizer"),
    ("data", r"worker/data/|network/random"),
    ("rest", r"network/|worker/training/"),
]


def settings_of(units, batch, optimizer):
    """As both programs read them; the learning rate plays no role for the speed."""
    widths = ":".join(map(str, units))
    rest = "learning_rate=0.01,momentum=0.9" if optimizer == "sgd" else "learning_rate=0.001"
    return f"shape=units,units={widths},batch_size={batch},optimizer={optimizer},{rest}"


# A program beside Caviar's, told the same but for this.
MIXED = ",precision=mixed"


def name_of(units, batch, optimizer):
    return f"784-{'-'.join(map(str, units))}-10, batch {batch}, {optimizer}"


class Program:
    """A child that answers lines with lines."""

    def __init__(self, command, cores, variables=None):
        self.command = command
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                 **(variables or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def tell(self, line):
        self.child.stdin.write(line + "\n")

    def answer(self):
        line = self.child.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(self.command)} ended with {self.child.wait()}")
        return line.split()

    def ask(self, line):
        self.tell(line)
        return self.answer()

    def end(self):
        self.child.stdin.close()
        self.child.wait()


# For glibc: freed memory is kept. (Eigen's own product, in the bound, needs it as PyTorch does.)
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(1 << 26),
}


def start_programs(caviar, core):
    """Those that train."""
    return {
        "Caviar": Program([caviar], {core}),
        "mixed": Program([caviar], {core}),
        "tuned": Program(["/usr/bin/python3", str(HERE / "pytorch_training.py"), "tuned"], {core}, {
            "ATEN_CPU_CAPABILITY": "avx512", **KEEP_MEMORY}),
        "plain": Program(["/usr/bin/python3", str(HERE / "pytorch_training.py"), "plain"], {core}),
    }


def median_speed(rounds):
    return statistics.median(rounds) / 1000


def compare(programs, multiplier, configuration, rounds):
    """Thousand examples a second of every program, training and in whole epochs, and of GEMMs."""
    units, batch, optimizer, _ = configuration
    sizes = ":".join(map(str, [784] + units + [10]))
    ready = {}
    for name, program in programs.items():
        answer = program.ask("train " + settings_of(units, batch, optimizer) +
                             (MIXED if name == "mixed" else ""))
        ready[name] = answer[1] if len(answer) > 1 else ""
    training, epochs, gemms = (collections.defaultdict(list) for _ in range(3))
    for _ in range(rounds):
        for name, program in programs.items():
            _, updates, epoch = program.ask("epoch")
            training[name].append(float(updates))
            epochs[name].append(float(epoch))
        for pair in multiplier.ask(f"gemms {sizes} {batch} {GEMM_SECONDS}")[1:]:
            library, speed = pair.split("=")
            gemms[library].append(float(speed))
    for program in programs.values():
        program.tell("stop")
    return {
        "training": {name: median_speed(speeds) for name, speeds in training.items()},
        "epochs": {name: median_speed(speeds) for name, speeds in epochs.items()},
        "ratios": [a / b for a, b in zip(training["Caviar"], training["tuned"])],
        "way": ready["tuned"],
        "gemms": {library: median_speed(speeds) for library, speeds in gemms.items()},
    }


def bound(result):
    """Of Eigen's kernel and oneDNN's; BLAS is what PyTorch multiplies with."""
    return max(speed for library, speed in result["gemms"].items() if library != "BLAS")


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for i, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) if k == 0 else cell.rjust(width)
                                for k, (cell, width) in enumerate(zip(row, widths))) + " |")
        if i == 0:
            print("| " + " | ".join(("-" * width if k == 0 else "-" * (width - 1) + ":")
                                    for k, width in enumerate(widths)) + " |")
    print(flush=True)


def print_speeds(results):
    print("Thousand examples a second, one thread:\n")
    rows = [["network", "PyTorch", "tuned", "(by)", "Caviar", "ratio", "lowest..highest",
             "with validation", "mixed", "ratio"]]
    for configuration, result in results:
        speed, epochs = result["training"], result["epochs"]
        rows.append([
            name_of(*configuration[:3]), f"{speed['plain']:.1f}", f"{speed['tuned']:.1f}",
            result["way"], f"{speed['Caviar']:.1f}", f"{speed['Caviar'] / speed['tuned']:.2f}",
            f"{min(result['ratios']):.2f}..{max(result['ratios']):.2f}",
            f"{epochs['Caviar'] / epochs['tuned']:.2f}",
            f"{speed['mixed']:.1f}", f"{speed['mixed'] / speed['tuned']:.2f}"])
    print_table(rows)


def print_bounds(results):
    print("Only the matrix products, thousand examples a second:\n")
    libraries = ["Eigen", "oneDNN", "BLAS"]
    rows = [["network", *libraries, "Caviar", "share of the bound"]]
    for configuration, result in results:
        rows.append([
            name_of(*configuration[:3]),
            *(f"{result['gemms'][name]:.1f}" if name in result["gemms"] else "-"
              for name in libraries),
            f"{result['training']['Caviar']:.1f}",
            f"{result['training']['Caviar'] / bound(result):.2f}"])
    print_table(rows)


class SourceLines:
    """The source files that an address stands for, innermost first: through all that is inlined."""

    def __init__(self):
        self.files = {}

    def read(self, addresses):
        """`addresses`: of the form file+0x12."""
        by_file = collections.defaultdict(set)
        for address in addresses:
            if "+" in address:
                by_file[address.rpartition("+")[0]].add(address.rpartition("+")[2])
        for file, offsets in by_file.items():
            offsets = sorted(offsets)
            text = subprocess.run(["addr2line", "-a", "-i", "-e", file], input="\n".join(offsets),
                                  capture_output=True, text=True, check=True).stdout
            for block in re.split(r"^0x", text, flags=re.M)[1:]:
                number, *lines = block.splitlines()
                self.files[f"{file}+0x{int(number, 16):x}"] = lines

    def of(self, address):
        lines = self.files.get(address, [])
        return [line for line in lines if not line.startswith("??")] or [address]


def part_of(frames, lines):
    for i, frame in enumerate(frames):
        if frame == "jit" and i > 0:  # where the unwinder lost its way
            break
        for line in lines.of(frame):
            for part, pattern in PARTS:
                if re.search(pattern, line):
                    return part
    return "rest"


def print_parts(caviar, seconds):
    caviar.tell(f"profile {settings_of(*EXAMPLE[:3])} {seconds}")
    stacks = []
    while (answer := caviar.answer())[0] != "end":
        stacks.append((int(answer[1]), answer[2:]))
    lines = SourceLines()
    lines.read({frame for _, frames in stacks for frame in frames})
    counts = collections.Counter()
    for count, frames in stacks:
        counts[part_of(frames, lines)] += count
    total = sum(counts.values())
    print(f"Where Caviar's step goes ({name_of(*EXAMPLE[:3])}; {total} samples):\n")
    print_table([["part", "share"]] + [[part, f"{100 * counts[part] / total:.1f} %"]
                                       for part, _ in PARTS])


def measure_two(caviar_command, cores, rounds, seconds):
    """How much more two trials train on two cores than one on one of them."""
    if len(cores) < 2:
        return None
    caviar = Program([caviar_command], set(cores[:2]))
    ratios = []
    for _ in range(rounds):
        answer = caviar.ask(f"two {settings_of(*EXAMPLE[:3])} {seconds}")
        first, second, together = map(float, answer[1:])
        ratios.append(2 * together / (first + second))
    caviar.end()
    return statistics.median(ratios)


def measure_start(caviar, configuration):
    times = [float(caviar.ask("start " + settings_of(*configuration[:3]))[1]) for _ in range(15)]
    return 1000 * statistics.median(times)


def print_summary(results, two, starts, memory):
    rows = [["one thread, against tuned PyTorch 1.13", "aim", "measured", "mixed precision"]]
    for configuration, result in results:
        speed = result["training"]
        rows.append([name_of(*configuration[:3]), f"{configuration[3]:.2f} x",
                     f"{speed['Caviar'] / speed['tuned']:.2f} x",
                     f"{speed['mixed'] / speed['tuned']:.2f} x"])
    share, where = min((result["training"]["Caviar"] / bound(result), name_of(*configuration[:3]))
                       for configuration, result in results if configuration[1] >= 128)
    rows.append([f"share of the GEMM bound, batch >= 128: the lowest ({where})", "0.90",
                 f"{share:.2f}", ""])
    rows.append(["two trials at once on two cores, against one", "1.90 x",
                 f"{two:.2f} x" if two else "one core only", ""])
    for name, milliseconds in starts:
        rows.append([f"start of a trial to its first update, {name}", "<= 5 ms",
                     f"{milliseconds:.1f} ms", ""])
    peak, resident = memory
    rows.append(["resident memory of a worker, one slot: peak", "<= 120 MB", f"{peak:.0f} MB", ""])
    rows.append(["resident memory of a worker, one slot: while it trains", "<= 120 MB",
                 f"{resident:.0f} MB", ""])
    print_table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--caviar", required=True, help="caviar_training_speed")
    parser.add_argument("--memory", required=True, type=float, nargs=2,
                        metavar=("PEAK", "RESIDENT"), help="of a worker, in MB")
    parser.add_argument("--quick", action="store_true", help="few rounds: a trial of the script")
    arguments = parser.parse_args()
    quick = arguments.quick

    cores = sorted(os.sched_getaffinity(0))
    # The last one: the first one gets most of a machine's interrupts.
    programs = start_programs(arguments.caviar, cores[-1])
    multiplier = Program([arguments.caviar], {cores[-1]}, KEEP_MEMORY)
    results = [(configuration, compare(programs, multiplier, configuration, 2 if quick else 9))
               for configuration in (CONFIGURATIONS[1:2] if quick else CONFIGURATIONS)]
    for program in [multiplier, programs["mixed"], programs["tuned"], programs["plain"]]:
        program.end()
    print_speeds(results)
    print_bounds(results)
    print_parts(programs["Caviar"], 2 if quick else 10)
    starts = [(name_of(*configuration[:3]), measure_start(programs["Caviar"], configuration))
              for configuration in [CONFIGURATIONS[1], CONFIGURATIONS[3]]]
    programs["Caviar"].end()
    two = measure_two(arguments.caviar, cores, 1 if quick else 5, 1 if quick else 4)
    print_summary(results, two, starts, arguments.memory)


if __name__ == "__main__":
    main()
