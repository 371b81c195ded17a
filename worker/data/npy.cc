#include "worker/data/npy.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/array.h"
#include "worker/data/input_file.h"
#include "worker/data/npy_header.h"
#include "worker/data/zip_archive.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;

constexpr absl::string_view kSuffix = ".npy";

// Whether all inputs have one unit: images have, [rows x height x width], and so have bytes, which
// are hardly anything but images in one row.
bool HasOneUnit(const ArrayHeader& header) {
  return header.shape.size() > 2 || header.kind == ArrayHeader::Kind::kBool ||
         (header.kind == ArrayHeader::Kind::kUnsigned && header.width == 1);
}

absl::Status ReadInputs(InputFile& file, LabeledTable& labeled) {
  labeled.source = file.name();
  const auto header = ReadNpyHeader(file);
  if (!header.ok()) return header.status();
  labeled.table.one_unit = HasOneUnit(*header);
  return ReadExamples(file, *header, labeled);
}

absl::Status ReadClasses(InputFile& file, LabeledTable& labeled) {
  labeled.label_source = file.name();
  const auto header = ReadNpyHeader(file);
  return header.ok() ? ReadLabels(file, *header, labeled) : header.status();
}

// Reads both files, of which `open` opens one.
template <typename Open>
absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadPair(const std::string& inputs,
                                                             const std::string& labels, Open open) {
  auto labeled = std::make_shared<LabeledTable>();
  for (const bool is_labels : {false, true}) {
    absl::StatusOr<std::unique_ptr<InputFile>> file = open(is_labels ? labels : inputs);
    if (!file.ok()) return file.status();
    absl::Status status = is_labels ? ReadClasses(**file, *labeled) : ReadInputs(**file, *labeled);
    if (!status.ok()) return status;
  }
  return labeled;
}

// The array of that name, unpacked while it is read.
absl::StatusOr<std::unique_ptr<InputFile>> OpenArray(const ZipArchive& archive,
                                                     const std::string& name) {
  const std::string entry = absl::StrCat(name, kSuffix);
  if (archive.Has(entry)) {
    return archive.OpenEntry(entry, absl::StrCat(Quoted(archive.path()), ", array ", Quoted(name)));
  }
  std::vector<std::string> names;
  for (const std::string& other : archive.names()) {
    absl::string_view array = other;
    if (absl::ConsumeSuffix(&array, kSuffix)) names.emplace_back(array);
  }
  if (names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(archive.path()), " holds no arrays: was it made by numpy.savez?"));
  }
  constexpr size_t kShown = 20;
  const std::string nearest = vocabulary::NearestName(name, names);
  const bool cut = names.size() > kShown;
  if (cut) names.resize(kShown);
  for (std::string& shown : names) shown = Quoted(shown);
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(archive.path()), " has no array ", Quoted(name),
                   nearest.empty() ? "" : absl::StrCat("; did you mean ", Quoted(nearest), "?"),
                   " It has ", absl::StrJoin(names, ", "), cut ? ", ..." : ""));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadNpyPair(const std::string& inputs_path,
                                                                const std::string& labels_path) {
  return ReadPair(inputs_path, labels_path, InputFile::Open);
}

absl::StatusOr<std::optional<NpzPair>> FindNpzPair(const std::string& path, const v1::NpzFile& spec,
                                                   bool test) {
  const auto or_default = [](const std::string& name, const char* usual) {
    return name.empty() ? usual : name;
  };
  if (!test) {
    return NpzPair{or_default(spec.train_inputs(), "x_train"),
                   or_default(spec.train_labels(), "y_train")};
  }
  const NpzPair pair{or_default(spec.test_inputs(), "x_test"),
                     or_default(spec.test_labels(), "y_test")};
  if (!spec.test_inputs().empty() || !spec.test_labels().empty()) return pair;
  const auto archive = ZipArchive::Open(path);
  if (!archive.ok()) return archive.status();
  const bool both = archive->Has(absl::StrCat(pair.inputs, kSuffix)) &&
                    archive->Has(absl::StrCat(pair.labels, kSuffix));
  return both ? std::optional(pair) : std::nullopt;
}

absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadNpz(const std::string& path,
                                                            const NpzPair& pair) {
  const auto archive = ZipArchive::Open(path);
  if (!archive.ok()) return archive.status();
  return ReadPair(pair.inputs, pair.labels,
                  [&](const std::string& name) { return OpenArray(*archive, name); });
}

}  // namespace caviar::data
