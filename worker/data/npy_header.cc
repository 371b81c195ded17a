#include "worker/data/npy_header.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::data {
namespace {

using Kind = ArrayHeader::Kind;

constexpr size_t kMaxHeaderBytes = size_t{64} << 10;
// Of one word.
constexpr int kMaxWidth = 1 << 20;

// What the dictionary says.
struct HeaderFields {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
};

// Reads the literal, no more of Python than is in it. Each function takes what it names from the
// front of the text; false: something else stands there.
class DictionaryParser {
 public:
  explicit DictionaryParser(absl::string_view text) : text_(text) {}

  std::optional<HeaderFields> Parse() {
    HeaderFields dictionary;
    if (!Take("{")) return std::nullopt;
    while (!Take("}")) {
      if (!TakeEntry(dictionary)) return std::nullopt;
      if (Take(",")) continue;
      if (!Take("}")) return std::nullopt;
      break;
    }
    SkipBlanks();
    const bool whole =
        text_.empty() && dictionary.descr && dictionary.fortran_order && dictionary.shape;
    return whole ? std::optional(dictionary) : std::nullopt;
  }

 private:
  void SkipBlanks() { text_ = absl::StripLeadingAsciiWhitespace(text_); }

  bool Take(absl::string_view token) {
    SkipBlanks();
    return absl::ConsumePrefix(&text_, token);
  }

  bool TakeEntry(HeaderFields& dictionary) {
    std::string key;
    if (!TakeString(key) || !Take(":")) return false;
    if (key == "descr" && !dictionary.descr) {
      // A list stands for a record; it is told by its bracket.
      if (Take("[")) {
        dictionary.descr.emplace(1, '[');
        return SkipList();
      }
      return TakeString(dictionary.descr.emplace());
    }
    if (key == "fortran_order" && !dictionary.fortran_order) {
      dictionary.fortran_order = Take("True");
      return *dictionary.fortran_order || Take("False");
    }
    if (key == "shape" && !dictionary.shape) return TakeShape(dictionary.shape.emplace());
    return false;
  }

  // The rest of a list that is open.
  bool SkipList() {
    int depth = 1;
    while (depth > 0 && !text_.empty()) {
      if (text_[0] == '[') ++depth;
      if (text_[0] == ']') --depth;
      text_.remove_prefix(1);
    }
    return depth == 0;
  }

  bool TakeString(std::string& text) {
    SkipBlanks();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) return false;
    const size_t end = text_.find(text_[0], 1);
    if (end == absl::string_view::npos) return false;
    text = std::string(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return true;
  }

  bool TakeShape(std::vector<int64_t>& shape) {
    if (!Take("(")) return false;
    while (!Take(")")) {
      SkipBlanks();
      size_t digits = 0;
      while (digits < text_.size() && absl::ascii_isdigit(text_[digits])) ++digits;
      int64_t dimension = 0;
      if (!absl::SimpleAtoi(text_.substr(0, digits), &dimension)) return false;
      text_.remove_prefix(digits);
      absl::ConsumePrefix(&text_, "L");  // Python 2 wrote long numbers so
      shape.push_back(dimension);
      if (Take(",")) continue;
      if (!Take(")")) return false;
      break;
    }
    return true;
  }

  absl::string_view text_;
};

// Sets kind, width and order of the bytes; false: values of this type are not read.
bool SetType(absl::string_view descr, ArrayHeader& header) {
  if (descr.empty()) return false;
  if (absl::string_view("<>|=").find(descr[0]) != absl::string_view::npos) {
    header.big_endian = descr[0] == '>';
    descr.remove_prefix(1);
  }
  const absl::string_view digits = descr.empty() ? descr : descr.substr(1);
  int size = 0;
  if (digits.empty() || !absl::ascii_isdigit(digits[0]) || !absl::SimpleAtoi(digits, &size)) {
    return false;
  }
  header.width = size;
  const bool whole = size == 1 || size == 2 || size == 4 || size == 8;
  switch (descr[0]) {
    case 'b':
      header.kind = Kind::kBool;
      return size == 1;
    case 'u':
      header.kind = Kind::kUnsigned;
      return whole;
    case 'i':
      header.kind = Kind::kSigned;
      return whole;
    case 'f':
      header.kind = Kind::kReal;
      return size == 4 || size == 8;
    case 'S':
    case 'a':
      header.kind = Kind::kBytes;
      return size >= 1 && size <= kMaxWidth;
    case 'U':
      header.kind = Kind::kUnicode;
      header.width = size * 4;
      return size >= 1 && size <= kMaxWidth / 4;
    default:
      return false;
  }
}

absl::Status UnknownType(const InputFile& file, const std::string& descr) {
  if (descr == "[") {
    return file.Wrong("is an array of records; save one array of numbers for the inputs");
  }
  if (absl::StrContains(descr, "O")) {
    return file.Wrong(
        "holds pickled Python objects, which are never read: save numbers, or words with "
        "astype(str)");
  }
  return file.Wrong(absl::StrCat("has the type ", vocabulary::Quoted(descr),
                                 "; read are bool, whole numbers, float32 and float64, and for "
                                 "labels str and bytes: save it with astype"));
}

absl::Status NotNpy(const InputFile& file, const uint8_t* magic, size_t count) {
  const absl::string_view start(reinterpret_cast<const char*>(magic), count);
  if (absl::StartsWith(start, "PK")) {
    return file.Wrong("is not an .npy file but an archive: write format: npz, file: ...");
  }
  return file.Wrong(absl::StrCat("is not an .npy file: it starts with the bytes ",
                                 absl::StrJoin(magic, magic + count, " "),
                                 "; NumPy's start with 147 78 85 77 80 89"));
}

absl::StatusOr<std::string> ReadDictionary(InputFile& file) {
  std::array<uint8_t, 8> magic = {};
  auto count = ReadFully(file, magic.data(), magic.size());
  if (!count.ok()) return count.status();
  constexpr absl::string_view kMagic = "\x93NUMPY";
  const absl::string_view start(reinterpret_cast<const char*>(magic.data()), *count);
  if (!absl::StartsWith(start, kMagic)) return NotNpy(file, magic.data(), *count);
  const int version = magic[6];
  if (*count == magic.size() && (version < 1 || version > 3)) {
    return file.Wrong(
        absl::StrCat("is of version ", version, " of the .npy format; 1 to 3 are read"));
  }
  std::array<uint8_t, 4> length = {};
  const size_t length_bytes = version == 1 ? 2 : 4;
  count = ReadFully(file, length.data(), length_bytes);
  if (!count.ok()) return count.status();
  if (*count < length_bytes) return file.Wrong("is cut off: it ends in its header");
  const size_t size = length[0] | length[1] << 8 | length[2] << 16 | size_t{length[3]} << 24;
  if (size > kMaxHeaderBytes) {
    return file.Wrong(absl::StrCat("has a header of ", size, " bytes; at most ", kMaxHeaderBytes));
  }
  std::string text(size, '\0');
  count = ReadFully(file, text.data(), text.size());
  if (!count.ok()) return count.status();
  if (*count < text.size()) return file.Wrong("is cut off: it ends in its header");
  return text;
}

}  // namespace

absl::StatusOr<ArrayHeader> ReadNpyHeader(InputFile& file) {
  const auto text = ReadDictionary(file);
  if (!text.ok()) return text.status();
  const std::optional<HeaderFields> dictionary = DictionaryParser(*text).Parse();
  if (!dictionary) {
    return file.Wrong(absl::StrCat("has a header that is not NumPy's: ",
                                   vocabulary::Quoted(absl::StripTrailingAsciiWhitespace(*text))));
  }
  ArrayHeader header;
  if (!SetType(*dictionary->descr, header)) return UnknownType(file, *dictionary->descr);
  header.fortran_order = *dictionary->fortran_order;
  for (const int64_t dimension : *dictionary->shape) {
    absl::Status status = AddDimension(file, dimension, header);
    if (!status.ok()) return status;
  }
  return header;
}

}  // namespace caviar::data
