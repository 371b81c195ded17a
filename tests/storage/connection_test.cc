#include "storage/connection.h"

#include <gtest/gtest.h>

#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

TEST(Connection, TrustsAFileNoFurtherThanNeeded) {
  const TemporaryFolder folder;
  const auto connection =
      Connection::Open(folder.path() + "/db", Connection::Mode::kReadWriteCreate, "", 0).value();
  EXPECT_EQ(connection->ReadInteger("PRAGMA trusted_schema").value(), 0);
  EXPECT_EQ(connection->ReadInteger("PRAGMA cell_size_check").value(), 1);
  EXPECT_EQ(connection->ReadInteger("PRAGMA foreign_keys").value(), 1);
  EXPECT_FALSE(connection
                   ->Execute("PRAGMA writable_schema = ON; CREATE TABLE t (a); "
                             "UPDATE sqlite_schema SET sql = 'CREATE TABLE t (b)'")
                   .ok());
}

}  // namespace
}  // namespace caviar::storage
