// Data files of all kinds, for tests.
#ifndef CAVIAR_TESTS_WORKER_DATA_FILES_H_
#define CAVIAR_TESTS_WORKER_DATA_FILES_H_

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace caviar::data {

// A folder that goes with its test.
class TestFolder {
 public:
  TestFolder() {
    std::string name = std::filesystem::temp_directory_path() / "caviar-data-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = std::filesystem::canonical(name);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ / name; }

  // Writes a file and returns its path.
  std::string Write(const std::string& name, const std::string& contents) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << contents;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline std::string BigEndianBytes(uint64_t value, int count) {
  std::string bytes;
  for (int i = count - 1; i >= 0; --i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

// An IDX file: header and values as bytes.
inline std::string Idx(int type, const std::vector<uint32_t>& dimensions,
                       const std::string& values) {
  std::string bytes = {0, 0, static_cast<char>(type), static_cast<char>(dimensions.size())};
  for (const uint32_t dimension : dimensions) bytes += BigEndianBytes(dimension, 4);
  return bytes + values;
}

// Bytes from numbers.
inline std::string Bytes(const std::vector<int>& values) { return {values.begin(), values.end()}; }

inline std::string Gzip(const std::string& bytes) {
  z_stream stream = {};
  if (::deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    std::abort();
  }
  std::string packed(::deflateBound(&stream, bytes.size()) + 64, 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (::deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

inline std::string LittleEndianBytes(uint64_t value, int count) {
  std::string bytes = BigEndianBytes(value, count);
  return {bytes.rbegin(), bytes.rend()};
}

// An .npy file of version 1: type, shape and values as NumPy writes them.
inline std::string Npy(const std::string& descr, const std::string& shape,
                       const std::string& values, bool fortran_order = false) {
  std::string header = "{'descr': '" + descr +
                       "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  header.resize((10 + header.size() + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  return "\x93NUMPY" + std::string("\x01\x00", 2) + LittleEndianBytes(header.size(), 2) + header +
         values;
}

// Whole numbers or floats, little-endian, as the values of an array.
template <typename T>
std::string Values(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace caviar::data

#endif  // CAVIAR_TESTS_WORKER_DATA_FILES_H_
