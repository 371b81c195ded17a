// One random bit of any file of a data directory is another one: that is refused, or changes no
// answer.
//
// CAVIAR_SEED=n flips other bits; CAVIAR_LONG=1 flips fifty times as many. Under sanitizers some
// are left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite_reader.h"
#include "tests/storage/damage_fixture.h"
#include "tests/storage/filled_store.h"

namespace caviar::storage {
namespace {

constexpr char kRefused[] = "refused";

uint64_t Seed() {
  const char* seed = std::getenv("CAVIAR_SEED");
  uint64_t number = 0;
  return seed != nullptr && absl::SimpleAtoi(seed, &number) ? number : 20260311;
}

int Flips(int flips) {
  if (std::getenv("CAVIAR_LONG") != nullptr) return flips * 50;
#if defined(__SANITIZE_ADDRESS__) || defined(CAVIAR_SANITIZE_THREAD)
  return flips / 5;
#else
  return flips;
#endif
}

// What is read, as text. Any error but DATA_LOSS is a wrong answer.
template <typename T, typename ToText>
std::string Answer(const absl::StatusOr<T>& result, ToText to_text) {
  if (result.ok()) return to_text(*result);
  return absl::IsDataLoss(result.status()) ? kRefused : result.status().ToString();
}

// All that a coordinator on `folder` answers; of one that does not start, kRefused alone.
std::vector<std::string> Serve(const std::string& folder) {
  const auto store = SqliteStore::Open(folder);
  if (!store.ok()) {
    EXPECT_TRUE(absl::IsDataLoss(store.status()) || absl::IsFailedPrecondition(store.status()))
        << store.status();
    return {kRefused};
  }
  const auto snapshot = (*store)->Load();
  if (absl::IsDataLoss(snapshot.status())) return {kRefused};
  const auto as_text = [](const auto& read) { return Text(read); };
  std::vector<std::string> answers = {Answer(snapshot, as_text)};
  const auto reader = SqliteReader::Open(folder).value();
  for (const std::string study : {"a", "b"}) {
    answers.push_back(Answer(reader->GetStudy(study), as_text));
  }
  for (const int64_t study_id : {1, 2}) {
    TrialQuery query;
    query.study_id = study_id;
    query.limit = 10;
    answers.push_back(Answer(reader->ListTrials(query, true), as_text));
  }
  answers.push_back(
      Answer(reader->ListBestTrials(1, SampleStudy(1, "a").definition, 5, true), as_text));
  answers.push_back(Answer(
      reader->ListBestTrials(2, SampleStudyOfTwoObjectives(2, "b").definition, 5, true), as_text));
  for (const std::string metric : {"accuracy", "loss"}) {
    for (const int64_t trial_id : {1, 3}) {
      answers.push_back(Answer(reader->ListMeasurements(trial_id, metric), as_text));
    }
  }
  answers.push_back(Answer(reader->ListWarmStartTrials(1), as_text));
  answers.push_back(Answer(reader->ListStudyRevisions(1), [](const auto& revisions) {
    std::string text;
    for (const StudyRevisionRow& row : revisions) {
      absl::StrAppend(&text, row.revision, row.first_trial, row.definition.ShortDebugString());
    }
    return text;
  }));
  answers.push_back(Answer((*store)->FindRequest("client", 3), [](const auto& request) {
    return request ? Text(*request) : std::string("none");
  }));
  return answers;
}

// Every value of every row, as it stands there.
std::string Rows(const std::string& folder) {
  std::string sql = "SELECT * FROM store; SELECT * FROM trial_count";
  for (const Table& table : kTables) absl::StrAppend(&sql, "; SELECT * FROM ", table.name);
  return Ask(folder, sql);
}

class BitsTest : public DamageTest {
 protected:
  // Flips `flips` bits of `file`, one at a time in what `put_back` puts back.
  void FlipBits(const std::string& file, int flips, const std::function<void()>& put_back) {
    std::mt19937_64 random(Seed());
    put_back();
    const std::vector<std::string> expected = Serve(path());
    const std::string rows = Rows(path());
    ASSERT_THAT(expected, testing::Each(testing::Ne(kRefused)));
    int reported = 0, refused = 0;
    for (int i = 0; i < flips && !HasFailure(); ++i) {
      put_back();
      std::string bytes = ReadFile(file);
      const size_t bit = std::uniform_int_distribution<size_t>(0, bytes.size() * 8 - 1)(random);
      SCOPED_TRACE(absl::StrCat("bit ", bit, " of ", file, ", CAVIAR_SEED=", Seed()));
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      WriteFile(file, bytes);
      const absl::StatusOr<CheckReport> report = CheckStore(path());
      const bool is_reported = !report.ok() || !report->damage.empty();
      reported += is_reported ? 1 : 0;
      const std::vector<std::string> answers = Serve(path());
      if (answers.size() == 1) {
        ++refused;
        EXPECT_TRUE(is_reported) << "refused, but found whole by the check";
        continue;
      }
      ASSERT_EQ(answers.size(), expected.size());
      for (size_t k = 0; k < answers.size(); ++k) {
        if (answers[k] == kRefused) continue;
        EXPECT_EQ(answers[k], expected[k]) << "answer " << k;
      }
      if (is_reported) continue;
      EXPECT_EQ(Rows(path()), rows) << "found whole by the check";
    }
    std::printf("%d bits flipped, seed %lu: %d reported by the check, %d refused at the start\n",
                flips, static_cast<unsigned long>(Seed()), reported, refused);
    // Most bits of so small a file mean nothing.
    EXPECT_GT(reported, flips / 10);
    EXPECT_GT(refused, flips / 20);
  }
};

TEST_F(BitsTest, AFlippedBitOfTheDatabaseChangesNoAnswer) {
  FilledStore(path());
  FlipBits(database(), Flips(200), Remember());
}

TEST_F(BitsTest, AFlippedBitOfTheLogChangesNoAnswer) {
  auto store = FilledStore(path());
  const auto put_back = Remember();
  store.reset();
  FlipBits(database() + "-wal", Flips(60), put_back);
}

TEST_F(BitsTest, AFlippedBitOfAFileIsReported) {
  FilledStore(path());
  std::mt19937_64 random(Seed());
  for (const std::string name :
       {"/artifacts/1/1/1-weights-4.bin", "/artifacts/1/1/1-weights-5.bin"}) {
    const std::string whole = ReadFile(path() + name);
    for (int i = 0; i < Flips(20); ++i) {
      const size_t bit = std::uniform_int_distribution<size_t>(0, whole.size() * 8 - 1)(random);
      std::string bytes = whole;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      WriteFile(path() + name, bytes);
      EXPECT_THAT(Damage(), testing::ElementsAre(testing::HasSubstr(name)))
          << "bit " << bit << ", CAVIAR_SEED=" << Seed();
    }
    WriteFile(path() + name, whole);
  }
  EXPECT_THAT(Damage(), testing::IsEmpty());
}

}  // namespace
}  // namespace caviar::storage
