#include "worker/data/array.h"

#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "worker/data/array_values.h"
#include "worker/data/huge_pages.h"

namespace caviar::data {
namespace {

// Where values in Fortran order belong in C order.
class FortranOrder {
 public:
  explicit FortranOrder(const std::vector<int64_t>& shape)
      : shape_(shape), index_(shape.size()), strides_(shape.size(), 1) {
    for (size_t i = shape.size() - 1; i > 0; --i) strides_[i - 1] = strides_[i] * shape[i];
  }

  // The place of the next value.
  size_t Next() {
    const int64_t place = place_;
    for (size_t i = 0; i < shape_.size(); ++i) {
      place_ += strides_[i];
      if (++index_[i] < shape_[i]) break;
      place_ -= strides_[i] * shape_[i];
      index_[i] = 0;
    }
    return static_cast<size_t>(place);
  }

 private:
  const std::vector<int64_t>& shape_;
  std::vector<int64_t> index_, strides_;
  int64_t place_ = 0;
};

// In memory: bytes as bytes, and what a float holds exactly as float.
template <typename Source>
using Stored = std::conditional_t<
    std::is_same_v<Source, uint8_t>, uint8_t,
    std::conditional_t<(sizeof(Source) <= 2) || std::is_same_v<Source, float>, float, double>>;

template <typename Source>
class ExamplesReader {
 public:
  using Target = Stored<Source>;

  ExamplesReader(InputFile& file, const ArrayHeader& header, int64_t inputs)
      : file_(file), header_(header), inputs_(inputs), order_(header.shape) {}

  absl::StatusOr<std::vector<Target>> Read() && {
    // Memory is taken all at once, but only where the file can hold that much, whatever its header
    // says.
    const int64_t bytes = header_.values * header_.width;
    if (bytes <= file_.MaxBytes()) {
      values_.reserve(static_cast<size_t>(header_.values));
      AskForHugePages(values_.data(), values_.capacity() * sizeof(Target));
    } else if (header_.fortran_order) {
      return CutOff(file_, header_, file_.MaxBytes());
    }
    if (header_.fortran_order) values_.resize(static_cast<size_t>(header_.values));
    absl::Status status =
        ReadValues(file_, header_, [&](const uint8_t* bytes, int64_t first, int64_t count) {
          return Take(bytes, first, count);
        });
    if (!status.ok()) return status;
    return std::move(values_);
  }

 private:
  absl::Status Take(const uint8_t* bytes, int64_t first, int64_t count) {
    if constexpr (std::is_same_v<Source, uint8_t>) {
      if (header_.kind != ArrayHeader::Kind::kBool && !header_.fortran_order) {
        values_.insert(values_.end(), bytes, bytes + count);
        return absl::OkStatus();
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      auto value = LoadNumber<Source>(bytes + i * header_.width, header_.big_endian);
      if (header_.kind == ArrayHeader::Kind::kBool) value = value != 0 ? 1 : 0;
      const size_t place = header_.fortran_order ? order_.Next() : static_cast<size_t>(first + i);
      if constexpr (std::is_floating_point_v<Source>) {
        // Written so that NaN is refused.
        if (!(std::abs(value) <= kMaxMagnitude)) return Refuse(static_cast<int64_t>(place), value);
      }
      if (header_.fortran_order) {
        values_[place] = static_cast<Target>(value);
      } else {
        values_.push_back(static_cast<Target>(value));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Refuse(int64_t place, double value) const {
    return file_.Wrong(absl::StrCat("example ", place / inputs_, ", value ", place % inputs_, ": ",
                                    value, " is not a finite number up to ", kMaxMagnitude));
  }

  InputFile& file_;
  const ArrayHeader& header_;
  const int64_t inputs_;
  FortranOrder order_;
  std::vector<Target> values_;
};

}  // namespace

std::string ShapeText(const std::vector<int64_t>& shape) { return absl::StrJoin(shape, " x "); }

absl::Status CutOff(const InputFile& file, const ArrayHeader& header, int64_t bytes) {
  return file.Wrong(absl::StrCat("is cut off: its header says ", ShapeText(header.shape),
                                 " values, ", header.values * header.width, " bytes, but only ",
                                 bytes, " bytes follow"));
}

absl::Status AddDimension(const InputFile& file, int64_t dimension, ArrayHeader& header) {
  header.shape.push_back(dimension);
  if (dimension == 0) {
    return file.Wrong(
        absl::StrCat("holds nothing: its dimensions are ", ShapeText(header.shape), " ..."));
  }
  if (dimension > kMaxFileBytes / header.width / header.values) {
    return file.Wrong(absl::StrCat("is too large: its header says ", ShapeText(header.shape),
                                   " ... values; at most 8 GiB are read"));
  }
  header.values *= dimension;
  return absl::OkStatus();
}

absl::Status ReadExamples(InputFile& file, const ArrayHeader& header, LabeledTable& labeled) {
  if (header.is_words()) {
    return file.Wrong("holds words, but examples are numbers: give each word a number");
  }
  if (header.shape.size() < 2) {
    return file.Wrong(absl::StrCat("has ", header.shape.empty() ? "no" : "one", " dimension",
                                   header.shape.empty() ? "" : absl::StrCat(", ", header.values),
                                   ", but examples have at least two: is it a file of labels?"));
  }
  const int64_t rows = header.shape[0];
  const int64_t inputs = header.values / rows;
  if (rows > kMaxRows || inputs > kMaxInputs) {
    return file.Wrong(absl::StrCat("is too large: ", rows, " examples of ", inputs,
                                   " values; at most ", kMaxRows, " of ", kMaxInputs));
  }
  Table& table = labeled.table;
  table.rows = static_cast<int>(rows);
  table.inputs = static_cast<int>(inputs);
  return WithNumberType(header, [&](auto number) -> absl::Status {
    auto values = ExamplesReader<decltype(number)>(file, header, inputs).Read();
    if (!values.ok()) return values.status();
    table.values = *std::move(values);
    return absl::OkStatus();
  });
}

}  // namespace caviar::data
