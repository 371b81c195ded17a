#include "worker/data/dataset_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/data/csv.h"
#include "worker/data/idx.h"
#include "worker/data/input_file.h"
#include "worker/data/npy.h"

namespace caviar::data {
namespace {

// The files of a part, as the study names them; of the test part none where it names none.
std::vector<std::string> FilesOf(const v1::Dataset& spec, bool test) {
  const auto pair = [&](const std::string& inputs, const std::string& labels) {
    const bool none = test && inputs.empty() && labels.empty();
    return none ? std::vector<std::string>() : std::vector<std::string>{inputs, labels};
  };
  switch (spec.format_case()) {
    case v1::Dataset::kIdx:
      return test ? pair(spec.idx().test_images(), spec.idx().test_labels())
                  : pair(spec.idx().train_images(), spec.idx().train_labels());
    case v1::Dataset::kNpy:
      return test ? pair(spec.npy().test_inputs(), spec.npy().test_labels())
                  : pair(spec.npy().train_inputs(), spec.npy().train_labels());
    case v1::Dataset::kCsv:
      if (!test) return {spec.csv().train()};
      return spec.csv().test().empty() ? std::vector<std::string>()
                                       : std::vector<std::string>{spec.csv().test()};
    case v1::Dataset::kNpz:
      return {spec.npz().file()};
    case v1::Dataset::FORMAT_NOT_SET:
      break;
  }
  return {};
}

// Paths, and the identities of what they lead to.
struct Resolved {
  std::vector<std::string> paths;
  std::string key;
};

absl::StatusOr<Resolved> Resolve(const std::string& dataset_dir, const v1::Dataset& spec,
                                 bool test) {
  Resolved resolved;
  for (const std::string& file : FilesOf(spec, test)) {
    auto path = ResolvePath(dataset_dir, file);
    if (!path.ok()) return path.status();
    const auto identity = FileIdentity(*path);
    if (!identity.ok()) return identity.status();
    absl::StrAppend(&resolved.key, *identity, "|");
    resolved.paths.push_back(*std::move(path));
  }
  return resolved;
}

// All that decides on how a CSV file is read, beside its contents.
std::string CsvKey(const v1::CsvFile& spec) {
  v1::CsvFile rules = spec;
  rules.clear_train();
  rules.clear_test();
  return rules.SerializeAsString();
}

absl::StatusOr<std::optional<DatasetPart>> Part(const std::string& dataset_dir,
                                                const v1::Dataset& spec,
                                                const std::shared_ptr<const LabeledTable>& train) {
  const bool test = train != nullptr;
  auto resolved = Resolve(dataset_dir, spec, test);
  if (!resolved.ok()) return resolved.status();
  const std::vector<std::string>& paths = resolved->paths;
  if (paths.empty()) return std::nullopt;
  DatasetPart part;
  part.key = absl::StrCat(spec.format_case(), "|", resolved->key);
  switch (spec.format_case()) {
    case v1::Dataset::kIdx:
      part.read = [paths] { return ReadIdxPair(paths[0], paths[1]); };
      break;
    case v1::Dataset::kNpy:
      part.read = [paths] { return ReadNpyPair(paths[0], paths[1]); };
      break;
    case v1::Dataset::kCsv: {
      absl::StrAppend(&part.key, CsvKey(spec.csv()));
      if (test) {
        // The training file decides on words and on the order of columns.
        const auto trained_on = Resolve(dataset_dir, spec, false);
        if (!trained_on.ok()) return trained_on.status();
        absl::StrAppend(&part.key, "|", trained_on->key);
      }
      part.read = [paths, &spec, train] { return ReadCsv(paths[0], spec.csv(), train.get()); };
      break;
    }
    case v1::Dataset::kNpz: {
      auto pair = FindNpzPair(paths[0], spec.npz(), test);
      if (!pair.ok()) return pair.status();
      if (!*pair) return std::nullopt;
      absl::StrAppend(&part.key, (*pair)->inputs, "|", (*pair)->labels);
      part.read = [paths, names = **pair] { return ReadNpz(paths[0], names); };
      break;
    }
    case v1::Dataset::FORMAT_NOT_SET:
      return std::nullopt;
  }
  return part;
}

}  // namespace

absl::StatusOr<std::string> DatasetKey(const std::string& dataset_dir, const v1::Dataset& spec) {
  std::string key;
  for (const bool test : {false, true}) {
    const auto resolved = Resolve(dataset_dir, spec, test);
    if (!resolved.ok()) return resolved.status();
    absl::StrAppend(&key, resolved->key, "||");
  }
  return key;
}

absl::StatusOr<DatasetPart> TrainPart(const std::string& dataset_dir, const v1::Dataset& spec) {
  auto part = Part(dataset_dir, spec, nullptr);
  if (!part.ok()) return part.status();
  if (!*part) {
    return absl::InvalidArgumentError("the study names no data: idx, csv, npy or npz files");
  }
  return **std::move(part);
}

absl::StatusOr<std::optional<DatasetPart>> TestPart(
    const std::string& dataset_dir, const v1::Dataset& spec,
    const std::shared_ptr<const LabeledTable>& train) {
  return Part(dataset_dir, spec, train);
}

}  // namespace caviar::data
