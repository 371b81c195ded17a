#include "worker/data/idx.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/input_file.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;

constexpr size_t kChunkBytes = size_t{1} << 20;

enum class Type {
  kUint8 = 0x08,
  kInt8 = 0x09,
  kInt16 = 0x0b,
  kInt32 = 0x0c,
  kFloat = 0x0d,
  kDouble = 0x0e
};

absl::Status Wrong(const InputFile& file, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(Quoted(file.path()), " ", what));
}

uint64_t BigEndian(const uint8_t* bytes, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = (value << 8) | bytes[i];
  return value;
}

int WidthOf(Type type) {
  switch (type) {
    case Type::kUint8:
    case Type::kInt8:
      return 1;
    case Type::kInt16:
      return 2;
    case Type::kInt32:
    case Type::kFloat:
      return 4;
    case Type::kDouble:
      return 8;
  }
  return 0;
}

double Decode(Type type, const uint8_t* bytes) {
  switch (type) {
    case Type::kUint8:
      return bytes[0];
    case Type::kInt8:
      return static_cast<int8_t>(bytes[0]);
    case Type::kInt16:
      return static_cast<int16_t>(BigEndian(bytes, 2));
    case Type::kInt32:
      return static_cast<int32_t>(BigEndian(bytes, 4));
    case Type::kFloat:
      return std::bit_cast<float>(static_cast<uint32_t>(BigEndian(bytes, 4)));
    case Type::kDouble:
      return std::bit_cast<double>(BigEndian(bytes, 8));
  }
  return 0;
}

struct Header {
  Type type = Type::kUint8;
  std::vector<int64_t> dimensions;
  int64_t values = 0;  // product of the dimensions
};

absl::StatusOr<Header> ReadHeader(InputFile& file) {
  std::array<uint8_t, 4> magic = {};
  auto count = ReadFully(file, magic.data(), magic.size());
  if (!count.ok()) return count.status();
  Header header;
  header.type = static_cast<Type>(magic[2]);
  if (*count < magic.size() || magic[0] != 0 || magic[1] != 0 || WidthOf(header.type) == 0 ||
      magic[3] == 0) {
    return Wrong(file,
                 absl::StrCat("is not an IDX file: it starts with the bytes ",
                              absl::StrJoin(magic.begin(), magic.begin() + *count, " "),
                              "; MNIST's images start with 0 0 8 3, its labels with 0 0 8 1"));
  }
  std::vector<uint8_t> dimensions(size_t{4} * magic[3]);
  count = ReadFully(file, dimensions.data(), dimensions.size());
  if (!count.ok()) return count.status();
  if (*count < dimensions.size()) return Wrong(file, "is cut off: it ends in its header");
  header.values = 1;
  for (size_t i = 0; i < dimensions.size(); i += 4) {
    const int64_t dimension = static_cast<int64_t>(BigEndian(&dimensions[i], 4));
    header.dimensions.push_back(dimension);
    if (dimension == 0) {
      return Wrong(file, absl::StrCat("holds nothing: its dimensions are ",
                                      absl::StrJoin(header.dimensions, " x "), " ..."));
    }
    if (dimension > kMaxFileBytes / WidthOf(header.type) / header.values) {
      return Wrong(file, absl::StrCat("is too large: its header says ",
                                      absl::StrJoin(header.dimensions, " x "), " ",
                                      i + 4 < dimensions.size() ? "... " : "",
                                      "values; at most 8 GiB are read"));
    }
    header.values *= dimension;
  }
  return header;
}

// Calls take(bytes, index of the first, count) for all values in order, and checks that the file
// ends where they do.
template <typename Take>
absl::Status ReadValues(InputFile& file, const Header& header, Take take) {
  const int width = WidthOf(header.type);
  const int64_t expected = header.values * width;
  const auto cut_off = [&](int64_t bytes) {
    return Wrong(
        file, absl::StrCat("is cut off: its header says ", absl::StrJoin(header.dimensions, " x "),
                           " values, ", expected, " bytes, but only ", bytes, " bytes follow"));
  };
  std::vector<uint8_t> chunk(static_cast<size_t>(std::min<int64_t>(kChunkBytes, expected)));
  for (int64_t done = 0; done < expected;) {
    const size_t wanted = static_cast<size_t>(std::min<int64_t>(chunk.size(), expected - done));
    const auto count = ReadFully(file, chunk.data(), wanted);
    if (!count.ok()) return count.status();
    if (*count < wanted) return cut_off(done + static_cast<int64_t>(*count));
    absl::Status status = take(chunk.data(), done / width, static_cast<int64_t>(wanted) / width);
    if (!status.ok()) return status;
    done += static_cast<int64_t>(wanted);
  }
  uint8_t extra = 0;
  const auto count = file.Read(&extra, 1);
  if (!count.ok()) return count.status();
  if (*count != 0) {
    return Wrong(file, absl::StrCat("has bytes after its last value: its header says ",
                                    absl::StrJoin(header.dimensions, " x "), " values"));
  }
  return absl::OkStatus();
}

absl::Status CheckNumber(const InputFile& file, int64_t index, int64_t inputs, double value) {
  if (std::abs(value) <= kMaxMagnitude) return absl::OkStatus();
  return Wrong(file, absl::StrCat("example ", index / inputs, ", value ", index % inputs, ": ",
                                  value, " is not a finite number up to ", kMaxMagnitude));
}

template <typename T>
absl::StatusOr<std::vector<T>> ReadNumbers(InputFile& file, const Header& header, int64_t inputs) {
  std::vector<T> values;
  // All at once only where the file can hold that much, whatever its header says.
  if (header.values * WidthOf(header.type) <= file.MaxBytes()) {
    values.reserve(static_cast<size_t>(header.values));
  }
  const int width = WidthOf(header.type);
  absl::Status status =
      ReadValues(file, header, [&](const uint8_t* bytes, int64_t first, int64_t count) {
        if constexpr (sizeof(T) == 1) {
          values.insert(values.end(), bytes, bytes + count);
        } else {
          for (int64_t i = 0; i < count; ++i) {
            const double value = Decode(header.type, bytes + i * width);
            absl::Status status = CheckNumber(file, first + i, inputs, value);
            if (!status.ok()) return status;
            values.push_back(static_cast<T>(value));
          }
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return values;
}

absl::StatusOr<std::shared_ptr<const Table>> ReadImages(InputFile& file) {
  const auto header = ReadHeader(file);
  if (!header.ok()) return header.status();
  if (header->dimensions.size() < 2) {
    return Wrong(file, absl::StrCat("has one dimension, ", header->dimensions[0],
                                    ", but examples have at least two: is it a file of labels?"));
  }
  const int64_t rows = header->dimensions[0];
  const int64_t inputs = header->values / rows;
  if (rows > kMaxRows || inputs > kMaxInputs) {
    return Wrong(file, absl::StrCat("is too large: ", rows, " examples of ", inputs,
                                    " values; at most ", kMaxRows, " of ", kMaxInputs));
  }
  auto table = std::make_shared<Table>();
  table->rows = static_cast<int>(rows);
  table->inputs = static_cast<int>(inputs);
  table->one_unit = true;
  const auto read = [&](auto type) -> absl::Status {
    auto values = ReadNumbers<decltype(type)>(file, *header, inputs);
    if (!values.ok()) return values.status();
    table->values = *std::move(values);
    return absl::OkStatus();
  };
  absl::Status status;
  switch (header->type) {
    case Type::kUint8:
      status = read(uint8_t{});
      break;
    case Type::kInt8:
    case Type::kInt16:
    case Type::kFloat:
      status = read(float{});
      break;
    case Type::kInt32:
    case Type::kDouble:
      status = read(double{});
      break;
  }
  if (!status.ok()) return status;
  return table;
}

absl::Status ReadLabels(InputFile& file, LabeledTable& labeled) {
  const auto header = ReadHeader(file);
  if (!header.ok()) return header.status();
  if (header->dimensions.size() != 1) {
    return Wrong(file, absl::StrCat("has ", header->dimensions.size(), " dimensions, ",
                                    absl::StrJoin(header->dimensions, " x "),
                                    ", but labels have one: is it a file of images?"));
  }
  if (header->type == Type::kFloat || header->type == Type::kDouble) {
    return Wrong(file, "holds real numbers, but labels are whole numbers");
  }
  if (header->values != labeled.table->rows) {
    return Wrong(file, absl::StrCat("holds ", header->values, " labels, but ", labeled.source,
                                    " holds ", labeled.table->rows, " examples"));
  }
  const int width = WidthOf(header->type);
  std::map<int32_t, int32_t> names;
  return ReadValues(file, *header, [&](const uint8_t* bytes, int64_t, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const auto label = static_cast<int32_t>(Decode(header->type, bytes + i * width));
      const auto [it, first] = names.emplace(label, static_cast<int32_t>(names.size()));
      if (first) {
        if (names.size() > kMaxClasses) {
          return Wrong(file, absl::StrCat("holds more than ", kMaxClasses, " different labels"));
        }
        labeled.label_names.push_back(absl::StrCat(label));
      }
      labeled.labels.push_back(it->second);
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadIdxPair(const std::string& images_path,
                                                                const std::string& labels_path) {
  auto labeled = std::make_shared<LabeledTable>();
  labeled->source = Quoted(images_path);
  labeled->label_source = Quoted(labels_path);
  const auto images = InputFile::Open(images_path);
  if (!images.ok()) return images.status();
  auto table = ReadImages(**images);
  if (!table.ok()) return table.status();
  labeled->table = *std::move(table);
  const auto labels = InputFile::Open(labels_path);
  if (!labels.ok()) return labels.status();
  absl::Status status = ReadLabels(**labels, *labeled);
  if (!status.ok()) return status;
  return labeled;
}

}  // namespace caviar::data
