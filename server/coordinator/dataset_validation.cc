#include "server/coordinator/dataset_validation.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::coordinator {
namespace {

constexpr size_t kMaxPathBytes = 4096;
// Of a column or an array.
constexpr size_t kMaxDataNameBytes = 256;
constexpr int kMaxColumns = 1000;
constexpr double kDefaultValidationFraction = 0.1;

class DatasetCheck {
 public:
  DatasetCheck(const std::string& path, Violations& violations)
      : path_(path), violations_(violations) {}

  void Check(const v1::IdxFiles& idx) {
    CheckPath("train_images", idx.train_images());
    CheckPath("train_labels", idx.train_labels());
    CheckPair("test_images", idx.test_images(), "test_labels", idx.test_labels(), kMaxPathBytes);
  }

  void Check(const v1::NpyFiles& npy) {
    CheckPath("train_inputs", npy.train_inputs());
    CheckPath("train_labels", npy.train_labels());
    CheckPair("test_inputs", npy.test_inputs(), "test_labels", npy.test_labels(), kMaxPathBytes);
  }

  void Check(const v1::NpzFile& npz) {
    CheckPath("file", npz.file());
    violations_.CheckText(Field("train_inputs"), npz.train_inputs(), kMaxDataNameBytes);
    violations_.CheckText(Field("train_labels"), npz.train_labels(), kMaxDataNameBytes);
    CheckPair("test_inputs", npz.test_inputs(), "test_labels", npz.test_labels(),
              kMaxDataNameBytes);
  }

  void Check(const v1::CsvFile& csv) {
    CheckPath("train", csv.train());
    violations_.CheckText(Field("test"), csv.test(), kMaxPathBytes);
    if (csv.label().empty()) {
      violations_.Add(Field("label"), "is missing: the name of the column that holds the class");
    } else {
      violations_.CheckText(Field("label"), csv.label(), kMaxDataNameBytes);
    }
    std::set<std::string> used = {csv.label()};
    CheckColumns("categorical", csv.categorical(), csv.label(), used);
    CheckColumns("ignore", csv.ignore(), csv.label(), used);
    if (!v1::CsvFile::Missing_IsValid(csv.missing())) {
      violations_.Add(Field("missing"), "is unknown: refuse, mean or median");
    }
  }

 private:
  std::string Field(absl::string_view name) const { return absl::StrCat(path_, ".", name); }

  void CheckPath(absl::string_view name, const std::string& file) {
    if (!file.empty()) return violations_.CheckText(Field(name), file, kMaxPathBytes);
    violations_.Add(Field(name),
                    "is missing: a path, absolute or relative to the worker's --dataset-dir");
  }

  // Both or neither.
  void CheckPair(absl::string_view first, const std::string& a, absl::string_view second,
                 const std::string& b, size_t max) {
    violations_.CheckText(Field(first), a, max);
    violations_.CheckText(Field(second), b, max);
    if (a.empty() == b.empty()) return;
    violations_.Add(Field(a.empty() ? first : second),
                    absl::StrCat("is missing, but ", a.empty() ? second : first,
                                 " is given: give both or neither"));
  }

  // `used`: columns that have a role already.
  void CheckColumns(absl::string_view name,
                    const google::protobuf::RepeatedPtrField<std::string>& columns,
                    const std::string& label, std::set<std::string>& used) {
    if (columns.size() > kMaxColumns) {
      return violations_.Add(
          Field(name), absl::StrCat("names ", columns.size(), " columns; at most ", kMaxColumns));
    }
    for (int i = 0; i < columns.size(); ++i) {
      const std::string field = absl::StrCat(Field(name), "[", i, "]");
      const std::string shown = vocabulary::Quoted(columns[i]);
      if (columns[i].empty()) {
        violations_.Add(field, "is empty; the name of a column");
      } else if (columns[i] == label) {
        violations_.Add(field, absl::StrCat(shown, " is the label, which is no input anyway"));
      } else if (!used.insert(columns[i]).second) {
        violations_.Add(field, absl::StrCat(shown, " is named twice, in categorical or ignore"));
      } else {
        violations_.CheckText(field, columns[i], kMaxDataNameBytes);
      }
    }
  }

  const std::string& path_;
  Violations& violations_;
};

}  // namespace

void CheckDataset(const v1::Dataset& data, const std::string& path, Violations& violations) {
  DatasetCheck check(path, violations);
  switch (data.format_case()) {
    case v1::Dataset::kIdx:
      check.Check(data.idx());
      break;
    case v1::Dataset::kCsv:
      check.Check(data.csv());
      break;
    case v1::Dataset::kNpy:
      check.Check(data.npy());
      break;
    case v1::Dataset::kNpz:
      check.Check(data.npz());
      break;
    case v1::Dataset::FORMAT_NOT_SET:
      violations.Add(path, "is missing: format idx, csv, npy or npz, and its files");
  }
  const double fraction = data.validation_fraction();
  if (data.has_validation_fraction() && !(fraction > 0 && fraction < 1)) {
    violations.Add(path + ".validation_fraction",
                   absl::StrCat(fraction, " is out of range; above 0 and below 1"));
  }
}

void FillDatasetDefaults(v1::Dataset& data) {
  if (!data.has_validation_fraction()) data.set_validation_fraction(kDefaultValidationFraction);
  if (data.has_csv() && data.csv().missing() == v1::CsvFile::MISSING_UNSPECIFIED) {
    data.mutable_csv()->set_missing(v1::CsvFile::REFUSE);
  }
  if (!data.has_npz()) return;
  // Not those of the test part: only the archive tells whether it has one.
  if (data.npz().train_inputs().empty()) data.mutable_npz()->set_train_inputs("x_train");
  if (data.npz().train_labels().empty()) data.mutable_npz()->set_train_labels("y_train");
}

bool MayHaveTestSet(const v1::Study& study) {
  if (!study.trainer().has_batch_norm_network()) return false;
  const v1::Dataset& data = study.trainer().batch_norm_network().data();
  switch (data.format_case()) {
    case v1::Dataset::kIdx:
      return !data.idx().test_images().empty();
    case v1::Dataset::kCsv:
      return !data.csv().test().empty();
    case v1::Dataset::kNpy:
      return !data.npy().test_inputs().empty();
    case v1::Dataset::kNpz:
      return true;
    case v1::Dataset::FORMAT_NOT_SET:
      break;
  }
  return false;
}

}  // namespace caviar::coordinator
