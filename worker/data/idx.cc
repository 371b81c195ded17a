#include "worker/data/idx.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "worker/data/array.h"
#include "worker/data/input_file.h"

namespace caviar::data {
namespace {

using Kind = ArrayHeader::Kind;

// The values of a type byte.
std::optional<ArrayHeader> HeaderOf(uint8_t type) {
  ArrayHeader header;
  header.big_endian = true;
  const auto with = [&](Kind kind, int width) {
    header.kind = kind;
    header.width = width;
    return header;
  };
  switch (type) {
    case 0x08:
      return with(Kind::kUnsigned, 1);
    case 0x09:
      return with(Kind::kSigned, 1);
    case 0x0b:
      return with(Kind::kSigned, 2);
    case 0x0c:
      return with(Kind::kSigned, 4);
    case 0x0d:
      return with(Kind::kReal, 4);
    case 0x0e:
      return with(Kind::kReal, 8);
    default:
      return std::nullopt;
  }
}

absl::StatusOr<ArrayHeader> ReadHeader(InputFile& file) {
  std::array<uint8_t, 4> magic = {};
  auto count = ReadFully(file, magic.data(), magic.size());
  if (!count.ok()) return count.status();
  std::optional<ArrayHeader> header = HeaderOf(magic[2]);
  if (*count < magic.size() || magic[0] != 0 || magic[1] != 0 || !header || magic[3] == 0) {
    return file.Wrong(absl::StrCat("is not an IDX file: it starts with the bytes ",
                                   absl::StrJoin(magic.begin(), magic.begin() + *count, " "),
                                   "; MNIST's images start with 0 0 8 3, its labels with 0 0 8 1"));
  }
  std::vector<uint8_t> dimensions(size_t{4} * magic[3]);
  count = ReadFully(file, dimensions.data(), dimensions.size());
  if (!count.ok()) return count.status();
  if (*count < dimensions.size()) return file.Wrong("is cut off: it ends in its header");
  for (size_t i = 0; i < dimensions.size(); i += 4) {
    int64_t dimension = 0;
    for (size_t k = 0; k < 4; ++k) dimension = (dimension << 8) | dimensions[i + k];
    absl::Status status = AddDimension(file, dimension, *header);
    if (!status.ok()) return status;
  }
  return *header;
}

absl::Status ReadImages(const std::string& path, LabeledTable& labeled) {
  const auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  labeled.source = (*file)->name();
  labeled.table.one_unit = true;
  const auto header = ReadHeader(**file);
  return header.ok() ? ReadExamples(**file, *header, labeled) : header.status();
}

absl::Status ReadClasses(const std::string& path, LabeledTable& labeled) {
  const auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  labeled.label_source = (*file)->name();
  const auto header = ReadHeader(**file);
  if (!header.ok()) return header.status();
  if (header->kind == Kind::kReal) {
    return (*file)->Wrong("holds real numbers, but labels are whole numbers");
  }
  return ReadLabels(**file, *header, labeled);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadIdxPair(const std::string& images_path,
                                                                const std::string& labels_path) {
  auto labeled = std::make_shared<LabeledTable>();
  absl::Status status = ReadImages(images_path, *labeled);
  if (status.ok()) status = ReadClasses(labels_path, *labeled);
  if (!status.ok()) return status;
  return labeled;
}

}  // namespace caviar::data
