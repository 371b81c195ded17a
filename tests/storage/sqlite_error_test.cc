// What becomes of SQLite's error codes: refused, bad input, or the end of the process.
#include "storage/sqlite_error.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace caviar::storage {
namespace {

absl::StatusCode Of(int code) { return SqliteError(nullptr, code, "testing").code(); }

TEST(SqliteErrorTest, AfterWhichNobodyKnowsWhatTheDiskHoldsIsDataLoss) {
  for (const int code :
       {SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_CORRUPTFS, SQLITE_CORRUPT,
        SQLITE_CORRUPT_INDEX, SQLITE_CORRUPT_VTAB, SQLITE_NOTADB}) {
    EXPECT_EQ(Of(code), absl::StatusCode::kDataLoss) << sqlite3_errstr(code) << " " << code;
  }
}

TEST(SqliteErrorTest, ThatPassesIsUnavailable) {
  for (const int code : {SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, SQLITE_IOERR_SHORT_READ,
                         SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_SHMSIZE, SQLITE_BUSY, SQLITE_LOCKED,
                         SQLITE_NOMEM, SQLITE_CANTOPEN, SQLITE_READONLY}) {
    EXPECT_EQ(Of(code), absl::StatusCode::kUnavailable) << sqlite3_errstr(code) << " " << code;
  }
}

TEST(SqliteErrorTest, OfAFullDiskIsResourceExhausted) {
  EXPECT_EQ(Of(SQLITE_FULL), absl::StatusCode::kResourceExhausted);
}

TEST(SqliteErrorTest, OfARowThatBreaksARuleIsInvalidArgument) {
  for (const int code : {SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_FOREIGNKEY,
                         SQLITE_CONSTRAINT_TRIGGER, SQLITE_MISMATCH, SQLITE_TOOBIG}) {
    EXPECT_EQ(Of(code), absl::StatusCode::kInvalidArgument) << sqlite3_errstr(code) << " " << code;
  }
}

TEST(SqliteErrorTest, AFailedCommitIsRefusedOnlyWhereTheLogCannotHoldIt) {
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_READ,
                         SQLITE_IOERR_SHORT_READ, SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_BUSY}) {
    EXPECT_TRUE(LeavesNothingInLog(code)) << sqlite3_errstr(code) << " " << code;
  }
  // The index comes after the log.
  for (const int code : {SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_SHMMAP,
                         SQLITE_IOERR_NOMEM, SQLITE_NOMEM, SQLITE_IOERR_TRUNCATE, SQLITE_CORRUPT}) {
    EXPECT_FALSE(LeavesNothingInLog(code)) << sqlite3_errstr(code) << " " << code;
  }
}

}  // namespace
}  // namespace caviar::storage
