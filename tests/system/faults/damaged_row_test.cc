// A row that is damaged while the coordinator serves: promise refuses-damage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

using ::testing::HasSubstr;

class DamagedRowTest : public FaultTest {
 protected:
  // Past the checksums, as a failing disk would.
  void Edit(const std::string& sql) {
    sqlite3* database_handle = nullptr;
    ASSERT_EQ(sqlite3_open_v2(database().c_str(), &database_handle, SQLITE_OPEN_READWRITE, nullptr),
              SQLITE_OK);
    sqlite3_busy_timeout(database_handle, 10'000);
    EXPECT_EQ(sqlite3_exec(database_handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database_handle);
    sqlite3_close(database_handle);
  }
};

TEST_F(DamagedRowTest, IsNotAnsweredToAReaderButEndsTheCoordinator) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(
      "study: own\nobjective: {metric: accuracy, goal: maximize}\n"
      "trainer: {external: {}}\nparameters: {x: {min: 0.0, max: 1.0}}\n");
  ASSERT_EQ(cluster_.Run({"trial", "add", "own", "x=0.5", "accuracy=0.5"}).exit_code, 0);
  ASSERT_TRUE(Trial("own", 0).is_object());
  Edit("UPDATE measurement SET value = 0.99");
  const CommandResult shown = cluster_.Run({"trial", "show", "own", "0", "--patience", "0s"});
  EXPECT_NE(shown.exit_code, 0);
  EXPECT_EQ(shown.out, "") << "no wrong answer";
  EXPECT_EQ(cluster_.coordinator().Wait(), 74);
  EXPECT_THAT(cluster_.coordinator().Errors(),
              AllOf(HasSubstr("can no longer be trusted"), HasSubstr("table measurement, row of")));
}

}  // namespace
}  // namespace caviar::system_test
