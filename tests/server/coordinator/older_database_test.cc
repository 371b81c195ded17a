// A study that an earlier Caviar began, carried on by this one.
#include "tests/storage/older_database.h"

#include <gtest/gtest.h>

#include <memory>

#include "server/coordinator/verification.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_store.h"
#include "tests/server/coordinator/core_fixture.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

TEST(OlderDatabase, IsVerifiedChangedAndCarriedOn) {
  const storage::TemporaryFolder folder;
  ASSERT_TRUE(storage::PlaceOlderDatabase(folder.path()));
  auto store = storage::SqliteStore::Open(folder.path());
  ASSERT_TRUE(store.ok()) << store.status();
  auto reader = storage::SqliteReader::Open(folder.path());
  ASSERT_TRUE(reader.ok()) << reader.status();
  Harness house(absl::Seconds(60), nullptr, store->get());
  ASSERT_FALSE(house.fatal.has_value()) << *house.fatal;

  v1::UpdateStudyRequest request;
  *request.mutable_request_id() = house.NewRequestId();
  request.set_study("queue");
  *request.mutable_definition() = house.study("queue").row.definition;
  request.mutable_definition()->mutable_limits()->set_max_trials(5);
  const auto updated = house.Call(&Core::UpdateStudy, request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->study().state(), v1::Study::ACTIVE);
  EXPECT_EQ(updated->study().revision(), 2);

  for (const char* name : {"tuned", "queue"}) {
    const auto study = (*reader)->GetStudy(name);
    ASSERT_TRUE(study.ok()) << study.status();
    const auto found = VerifyStudy(**reader, *study, [](const auto&) { return true; });
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->done());
    EXPECT_EQ(found->differences(), 0) << found->first_difference().DebugString();
  }
}

}  // namespace
}  // namespace caviar::coordinator
