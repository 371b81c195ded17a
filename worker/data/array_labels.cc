// Labels of an array file.
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/array.h"
#include "worker/data/array_values.h"
#include "worker/data/label_names.h"

namespace caviar::data {
namespace {

// A character in UTF-8; false: there is no such character.
bool AppendCharacter(uint32_t c, std::string& text) {
  const auto tail = [&](int shift) {
    text.push_back(static_cast<char>(0x80 | ((c >> shift) & 0x3f)));
  };
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
  if (c < 0x80) {
    text.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    text.push_back(static_cast<char>(0xc0 | (c >> 6)));
    tail(0);
  } else if (c < 0x10000) {
    text.push_back(static_cast<char>(0xe0 | (c >> 12)));
    tail(6);
    tail(0);
  } else {
    text.push_back(static_cast<char>(0xf0 | (c >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
  return true;
}

// A word without the zeros that fill its place up; nullopt: it is no text.
std::optional<std::string> Word(const ArrayHeader& header, const uint8_t* bytes) {
  std::string word;
  if (header.kind == ArrayHeader::Kind::kBytes) {
    word.assign(bytes, bytes + header.width);
    word.resize(word.find_last_not_of('\0') + 1);
    return vocabulary::IsUtf8(word) ? std::optional(word) : std::nullopt;
  }
  int length = header.width / 4;
  const auto character = [&](int i) {
    return LoadNumber<uint32_t>(bytes + i * 4, header.big_endian);
  };
  while (length > 0 && character(length - 1) == 0) --length;
  for (int i = 0; i < length; ++i) {
    if (!AppendCharacter(character(i), word)) return std::nullopt;
  }
  return word;
}

class LabelsReader {
 public:
  LabelsReader(InputFile& file, const ArrayHeader& header, LabeledTable& labeled)
      : file_(file), header_(header), labeled_(labeled) {}

  absl::Status Read() && {
    labeled_.labels.reserve(static_cast<size_t>(header_.values));
    absl::Status status =
        ReadValues(file_, header_, [&](const uint8_t* bytes, int64_t, int64_t count) {
          absl::Status status;
          for (int64_t i = 0; i < count && status.ok(); ++i)
            status = Take(bytes + i * header_.width);
          return status;
        });
    labeled_.label_names = std::move(names_).names();
    return status;
  }

 private:
  absl::Status Take(const uint8_t* bytes) {
    if (header_.is_words()) {
      const std::optional<std::string> word = Word(header_, bytes);
      if (!word) return WrongLabel("is not UTF-8");
      if (word->empty()) return WrongLabel("is empty; every example needs its class");
      return Add(*word);
    }
    if (header_.kind == ArrayHeader::Kind::kBool) return Add(*bytes != 0 ? "true" : "false");
    return WithNumberType(header_, [&](auto type) -> absl::Status {
      const auto number = LoadNumber<decltype(type)>(bytes, header_.big_endian);
      if constexpr (std::is_floating_point_v<decltype(type)>) {
        if (!(std::abs(number) <= kMaxWhole) || number != std::floor(number)) {
          return WrongLabel(absl::StrCat(number, " is not a whole number"));
        }
        return Add(absl::StrCat(static_cast<int64_t>(number)));
      } else {
        return Add(absl::StrCat(number));
      }
    });
  }

  absl::Status Add(const std::string& name) {
    const std::optional<int32_t> label = names_.IndexOf(name);
    if (!label) {
      return file_.Wrong(absl::StrCat("holds more than ", kMaxClasses, " different labels"));
    }
    labeled_.labels.push_back(*label);
    return absl::OkStatus();
  }

  absl::Status WrongLabel(absl::string_view what) const {
    return file_.Wrong(absl::StrCat("label ", labeled_.labels.size(), ": ", what));
  }

  InputFile& file_;
  const ArrayHeader& header_;
  LabeledTable& labeled_;
  LabelNames names_;
};

}  // namespace

absl::Status ReadLabels(InputFile& file, const ArrayHeader& header, LabeledTable& labeled) {
  // A column of labels, [n x 1], is as good as a row.
  if (header.shape.empty() || header.shape[0] != header.values) {
    return file.Wrong(absl::StrCat(
        "has ", header.shape.size(), " dimensions, ", ShapeText(header.shape),
        ", but labels have one: is it a file of images? One-hot rows become labels by argmax"));
  }
  if (header.values != labeled.table.rows) {
    return file.Wrong(absl::StrCat("holds ", header.values, " labels, but ", labeled.source,
                                   " holds ", labeled.table.rows, " examples"));
  }
  return LabelsReader(file, header, labeled).Read();
}

}  // namespace caviar::data
