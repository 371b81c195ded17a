// Rows that fit their checksums and cannot all be right, or hold what nobody can have written: what
// a lost write, or a mistake of Caviar's own, leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "storage/sqlite_reader.h"
#include "tests/storage/damage_fixture.h"
#include "tests/storage/filled_store.h"

namespace caviar::storage {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WrongRowsTest : public DamageTest {
 protected:
  WrongRowsTest() { FilledStore(path()); }
};

TEST_F(WrongRowsTest, SealedRowsAreWhole) {
  ASSERT_NO_FATAL_FAILURE(EditAndSeal("UPDATE study_end SET time = 21"));
  EXPECT_THAT(Damage(), IsEmpty());
  EXPECT_TRUE(OpenStatus().ok());
}

TEST_F(WrongRowsTest, ARowOfACommitAfterTheLastOneIsReported) {
  ASSERT_NO_FATAL_FAILURE(EditAndSeal("UPDATE study_end SET commit_number = 6"));
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("table study_end: a row is of commit 6, but the "
                                              "store's last one is 5")));
}

TEST_F(WrongRowsTest, NumbersThatWouldBeGivenTwiceAreReported) {
  ASSERT_NO_FATAL_FAILURE(EditAndSeal("UPDATE store SET next_study_id = 2, next_trial_id = 3"));
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("the next study is 2, but there is study 2"),
                                    HasSubstr("the next trial is 3, but there is trial 3")));
}

TEST_F(WrongRowsTest, ATokenThatWouldBeIssuedTwiceIsReported) {
  ASSERT_NO_FATAL_FAILURE(
      EditAndSeal("UPDATE attempt SET token_epoch = (SELECT epoch FROM store);"
                  "UPDATE store SET next_token_counter = 2"));
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("the next token is 2, but there is token 2")));
  ASSERT_NO_FATAL_FAILURE(EditAndSeal("UPDATE store SET next_token_counter = 3"));
  EXPECT_THAT(Damage(), IsEmpty());
}

TEST_F(WrongRowsTest, AGapInTheNumbersOfTrialsIsReported) {
  ASSERT_NO_FATAL_FAILURE(EditAndSeal("UPDATE trial SET number = 2 WHERE id = 3"));
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("study 1 has 2 trials, the last of them number 2")));
}

TEST_F(WrongRowsTest, AStoreWithoutItsRowIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Edit("DELETE FROM store"));
  EXPECT_THAT(Damage(), Contains(HasSubstr("table store has no row")));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus())) << OpenStatus();
}

// Words that are none, in columns whose checks would have refused them.
TEST_F(WrongRowsTest, AWordThatIsNoneIsDataLoss) {
  const std::string whole = ReadFile(database());
  for (const std::string sql :
       {"UPDATE study SET state = 'ASLEEP'", "UPDATE trial SET origin = 'ABOVE'",
        "UPDATE attempt SET outcome = 'LOST'", "UPDATE trial_parameter SET type = 'complex'",
        "UPDATE artifact SET kind = 'SHAPE'", "UPDATE pruner_decision SET decision = 'PERHAPS'",
        "UPDATE evaluation SET state = 'ASLEEP'",
        "UPDATE evaluation_class SET predicted_as = '[1,x]'", "UPDATE worker SET features = '['",
        "UPDATE worker SET labels = '['", "UPDATE worker SET resources = '['",
        "UPDATE study SET definition = '['", "UPDATE study_revision SET definition = '['",
        "UPDATE warm_start_trial SET parameters = '['"}) {
    WriteFile(database(), whole);
    ASSERT_NO_FATAL_FAILURE(
        EditAndSeal(absl::StrCat("PRAGMA ignore_check_constraints = ON;", sql)));
    SqliteOptions options;
    options.check = false;  // SQLite's own check knows the words
    auto store = SqliteStore::Open(path(), options);
    ASSERT_TRUE(store.ok()) << sql << ": " << store.status();
    const absl::Status status = (*store)->Load().status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << sql << ": " << status;
  }
}

}  // namespace
}  // namespace caviar::storage
