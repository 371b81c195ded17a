#include "worker/data/dataset.h"

#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/data/dataset_assembly.h"
#include "worker/data/dataset_files.h"

namespace caviar::data {
namespace {

// Runs `load` and turns running out of memory into a status.
template <typename Load>
auto WithinMemory(Load load) -> decltype(load()) {
  try {
    return load();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("not enough memory for the study's data");
  }
}

}  // namespace

DatasetCache::DatasetCache(std::string dataset_dir) : dataset_dir_(std::move(dataset_dir)) {}

absl::StatusOr<std::shared_ptr<const Dataset>> DatasetCache::Load(const v1::Dataset& spec,
                                                                  uint32_t seed) {
  const auto train_part = TrainPart(dataset_dir_, spec);
  if (!train_part.ok()) return train_part.status();
  const auto train = files_.Get(train_part->key, [&] { return WithinMemory(train_part->read); });
  if (!train.ok()) return train.status();
  const auto test_part = TestPart(dataset_dir_, spec, *train);
  if (!test_part.ok()) return test_part.status();
  std::shared_ptr<const LabeledTable> test;
  if (*test_part) {
    auto read = files_.Get((*test_part)->key, [&] { return WithinMemory((*test_part)->read); });
    if (!read.ok()) return read.status();
    test = *std::move(read);
  }
  return AssembleDataset(*train, test, spec, seed);
}

absl::StatusOr<std::shared_ptr<const Dataset>> DatasetCache::Get(const v1::Dataset& spec,
                                                                 uint32_t seed) {
  if (spec.format_case() == v1::Dataset::FORMAT_NOT_SET) {
    return absl::InvalidArgumentError("the study names no data: idx, csv, npy or npz files");
  }
  if (spec.has_validation_fraction() &&
      !(spec.validation_fraction() > 0 && spec.validation_fraction() < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("validation_fraction ",
                                                   spec.validation_fraction(),
                                                   " is out of range; above 0 and below 1"));
  }
  const auto files = DatasetKey(dataset_dir_, spec);
  if (!files.ok()) return files.status();
  const std::string key = absl::StrCat(seed, "|", spec.SerializeAsString(), "|", *files);
  return datasets_.Get(key, [&] { return WithinMemory([&] { return Load(spec, seed); }); });
}

}  // namespace caviar::data
