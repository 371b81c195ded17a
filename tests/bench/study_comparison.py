"""Tables for study_comparison: FOLDER SEED..., where FOLDER has NAME-SEED.json of `caviar export`."""
import json
import math
import statistics
import sys


def load(folder, name, seed):
    with open(f"{folder}/{name}-{seed}.json") as file:
        exported = json.load(file)
    trials = [t for t in exported["trials"] if t.get("measurements")]
    trials.sort(key=lambda t: t.get("end_time", "~"))
    epochs, best, curve = 0, -math.inf, []
    for trial in trials:
        epochs += len({m["step"] for m in trial["measurements"]})
        best = max([best] + [float(m["metrics"]["validation_accuracy"]) for m in trial["measurements"]])
        curve.append((epochs, best))
    study = exported["study"]
    return {
        "trials": len(trials),
        "epochs": epochs,
        "best": float(study["best_objective"]),
        "test": float(study["test_evaluation"]["metrics"]["test_accuracy"]),
        "seconds": float(str(study["active_duration"]).rstrip("s")),
        "curve": curve,
    }


def mean(values):
    return statistics.fmean(values)


def main():
    folder, seeds = sys.argv[1], sys.argv[2:]
    rows = [(seed, load(folder, "random", seed), load(folder, "auto-asha", seed)) for seed in seeds]
    print("| seed | random: trials | best validation | test | auto + asha: trials | best validation | test |"
          " epochs to pass random's best |")
    print("| ---: " * 8 + "|")
    shares = []
    for seed, random, auto in rows:
        passed = [epochs for epochs, best in auto["curve"] if best >= random["best"]]
        share = passed[0] / random["epochs"] if passed else math.inf
        shares.append(share)
        print(f"| {seed} | {random['trials']} | {random['best']:.4f} | {random['test']:.4f} | {auto['trials']} |"
              f" {auto['best']:.4f} | {auto['test']:.4f} |"
              f" {f'{100 * share:.0f} %' if passed else 'never'} |")
    print(f"| mean | | {mean([r['best'] for _, r, _ in rows]):.4f} | {mean([r['test'] for _, r, _ in rows]):.4f} | |"
          f" {mean([a['best'] for _, _, a in rows]):.4f} | {mean([a['test'] for _, _, a in rows]):.4f} |"
          f" {f'{100 * statistics.median(shares):.0f} % (median)' if math.isfinite(statistics.median(shares)) else 'never'} |")
    gains = [a["best"] - r["best"] for _, r, a in rows]
    print()
    print(f"auto + asha is better in {sum(g > 0 for g in gains)} of {len(gains)} seeds, by {100 * mean(gains):.2f} points"
          " of validation accuracy on average", end="")
    if len(gains) > 1:
        print(f" (standard error {100 * statistics.stdev(gains) / math.sqrt(len(gains)):.2f})", end="")
    print(f"; epochs trained: {mean([r['epochs'] for _, r, _ in rows]):.0f} and {mean([a['epochs'] for _, _, a in rows]):.0f},"
          f" seconds: {mean([r['seconds'] for _, r, _ in rows]):.0f} and {mean([a['seconds'] for _, _, a in rows]):.0f}.")


if __name__ == "__main__":
    main()
