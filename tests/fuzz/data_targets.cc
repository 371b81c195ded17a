// Files that a dataset comes in.
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/targets.h"
#include "tests/storage/temporary_folder.h"
#include "worker/data/csv.h"
#include "worker/data/idx.h"
#include "worker/data/npy.h"

namespace caviar::fuzz {
namespace {

// The path of a file with these bytes; the next one of its name replaces it.
std::string FileOf(absl::string_view bytes, const std::string& name) {
  static const auto* folder = new storage::TemporaryFolder;
  const std::string path = folder->path() + "/" + name;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return path;
}

std::string IdxOf(int dimensions, const std::vector<uint8_t>& sizes, size_t bytes) {
  std::string file = {0, 0, 8, static_cast<char>(dimensions)};
  for (const uint8_t size : sizes) file += std::string{0, 0, 0, static_cast<char>(size)};
  file.resize(file.size() + bytes);
  return file;
}

std::string NpyOf(absl::string_view type, int count, int width) {
  std::string header =
      absl::StrCat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", count, ",), }");
  header.resize(117, ' ');
  header += '\n';
  std::string file = absl::StrCat("\x93NUMPY", absl::string_view("\x01\x00", 2));
  file += static_cast<char>(header.size());
  file += '\0';
  return absl::StrCat(file, header, std::string(static_cast<size_t>(count * width), '\0'));
}

void CheckTable(const absl::StatusOr<std::shared_ptr<const data::LabeledTable>>& table) {
  if (!table.ok()) DemandRefusal(table.status());
}

}  // namespace

void Csv(absl::string_view bytes) {
  if (bytes.empty()) return;
  v1::CsvFile spec;
  spec.set_label("label");
  const int how = bytes[0];
  if (how & 1) spec.add_categorical("color");
  if (how & 2) spec.add_ignore("id");
  if (how & 4) spec.set_missing(how & 8 ? v1::CsvFile::MEAN : v1::CsvFile::MEDIAN);
  const std::string path = FileOf(bytes.substr(1), "table.csv");
  const auto table = data::ReadCsv(path, spec);
  CheckTable(table);
  if (table.ok()) CheckTable(data::ReadCsv(path, spec, table->get()));
}

void Idx(absl::string_view bytes) {
  if (bytes.empty()) return;
  const auto count = static_cast<uint8_t>(bytes[0]);
  const std::string images = FileOf(bytes.substr(1), "images.idx");
  CheckTable(data::ReadIdxPair(images, FileOf(IdxOf(1, {count}, count), "labels.idx")));
  const std::string known = FileOf(IdxOf(3, {count, 2, 2}, count * 4u), "known.idx");
  CheckTable(data::ReadIdxPair(known, images));
}

void Npy(absl::string_view bytes) {
  const std::string path = FileOf(bytes, "array.npy");
  CheckTable(data::ReadNpyPair(path, FileOf(NpyOf("<i8", 4, 8), "labels.npy")));
  CheckTable(data::ReadNpyPair(FileOf(NpyOf("<f4", 4, 4), "inputs.npy"), path));
}

void Npz(absl::string_view bytes) {
  const std::string path = FileOf(bytes, "arrays.npz");
  for (const bool test : {false, true}) {
    const auto pair = data::FindNpzPair(path, {}, test);
    if (!pair.ok()) {
      DemandRefusal(pair.status());
    } else if (*pair) {
      CheckTable(data::ReadNpz(path, **pair));
    }
  }
}

}  // namespace caviar::fuzz
