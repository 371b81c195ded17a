// Zip archives, for tests: right ones and wrong ones.
#ifndef CAVIAR_TESTS_WORKER_DATA_ZIP_H_
#define CAVIAR_TESTS_WORKER_DATA_ZIP_H_

#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/worker/data/files.h"

namespace caviar::data {

// Deflated, without any wrapping.
inline std::string Deflate(const std::string& bytes) {
  z_stream stream = {};
  if (::deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
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

// How an archive is written; what is left alone is as numpy.savez does it.
struct ZipForm {
  bool deflated = false;
  // Sizes, offsets and counts stand in zip64 fields.
  bool zip64 = false;
  int flags = 0;
  int method = -1;     // -1: the right one
  int64_t bytes = -1;  // -1: the right number
  uint32_t checksum_xor = 0;
  std::string comment;
};

// An archive of files with these names and contents.
inline std::string Zip(const std::vector<std::pair<std::string, std::string>>& files,
                       const ZipForm& form = {}) {
  const auto le = LittleEndianBytes;
  const uint64_t wide = 0xffffffff;
  std::string archive, directory;
  for (const auto& [name, contents] : files) {
    const std::string packed = form.deflated ? Deflate(contents) : contents;
    const uint64_t bytes = form.bytes < 0 ? contents.size() : static_cast<uint64_t>(form.bytes);
    const int method = form.method < 0 ? (form.deflated ? 8 : 0) : form.method;
    const auto* start = reinterpret_cast<const Bytef*>(contents.data());
    const uint64_t checksum =
        ::crc32(0, start, static_cast<uInt>(contents.size())) ^ form.checksum_xor;
    const std::string common =
        le(45, 2) + le(form.flags, 2) + le(method, 2) + le(0, 4) + le(checksum, 4);
    const uint64_t offset = archive.size();
    // As savez: the local header always has its sizes in a zip64 field.
    const std::string local_extra = le(1, 2) + le(16, 2) + le(bytes, 8) + le(packed.size(), 8);
    archive += le(0x04034b50, 4) + common + le(wide, 4) + le(wide, 4) + le(name.size(), 2) +
               le(local_extra.size(), 2) + name + local_extra + packed;
    const std::string extra =
        le(0x9999, 2) + le(3, 2) + "abc" +
        (form.zip64 ? le(1, 2) + le(24, 2) + le(bytes, 8) + le(packed.size(), 8) + le(offset, 8)
                    : "");
    directory += le(0x02014b50, 4) + le(45, 2) + common + le(form.zip64 ? wide : packed.size(), 4) +
                 le(form.zip64 ? wide : bytes, 4) + le(name.size(), 2) + le(extra.size(), 2) +
                 le(4, 2) + le(0, 2) + le(0, 2) + le(0, 4) + le(form.zip64 ? wide : offset, 4) +
                 name + extra + "note";
  }
  const uint64_t at = archive.size();
  archive += directory;
  if (form.zip64) {
    const uint64_t end = archive.size();
    archive += le(0x06064b50, 4) + le(44, 8) + le(45, 2) + le(45, 2) + le(0, 4) + le(0, 4) +
               le(files.size(), 8) + le(files.size(), 8) + le(directory.size(), 8) + le(at, 8) +
               le(0x07064b50, 4) + le(0, 4) + le(end, 8) + le(1, 4);
  }
  const uint64_t count = form.zip64 ? 0xffff : files.size();
  return archive + le(0x06054b50, 4) + le(0, 2) + le(0, 2) + le(count, 2) + le(count, 2) +
         le(form.zip64 ? wide : directory.size(), 4) + le(form.zip64 ? wide : at, 4) +
         le(form.comment.size(), 2) + form.comment;
}

}  // namespace caviar::data

#endif  // CAVIAR_TESTS_WORKER_DATA_ZIP_H_
