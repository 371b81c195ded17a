#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "client/api/crc32.h"
#include "fake_client.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Return;

class SaveModelTest : public CommandTest {
 protected:
  // The coordinator has this network of trial 3, in pieces of `piece` bytes.
  void Offer(const std::string& file, size_t piece) {
    ON_CALL(client_, DownloadModel)
        .WillByDefault([this, file, piece](const v1::DownloadModelRequest& request)
                           -> absl::StatusOr<v1::DownloadModelResponse> {
          requests_.push_back(request);
          v1::DownloadModelResponse response;
          response.set_number(3);
          response.set_step(7);
          response.set_size(static_cast<int64_t>(file.size()));
          response.set_crc32(client::Crc32(file));
          response.set_data(file.substr(static_cast<size_t>(request.offset()), piece));
          return response;
        });
    EXPECT_CALL(client_, DownloadModel).Times(::testing::AnyNumber());
    EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy("state: ENDED")));
    EXPECT_CALL(client_, GetTrial).WillRepeatedly([](const v1::GetTrialRequest& request) {
      return TestTrial(request.number());
    });
  }
  std::string Saved() const {
    std::ostringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    return text.str();
  }
  // Whether the folder has nothing but the file, or nothing at all.
  bool FolderHas(int64_t files) const {
    namespace fs = std::filesystem;
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()) == files;
  }

  storage::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/best.onnx";
  std::vector<v1::DownloadModelRequest> requests_;
};

TEST_F(SaveModelTest, TakesTheBestTrialsNetworkHome) {
  Offer("0123456789", 4);
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_}), kDone) << err();
  EXPECT_EQ(Saved(), "0123456789");
  EXPECT_EQ(out(), absl::StrCat("saved ", path_,
                                ": trial 3 of mnist at step 7, accuracy 0.8911666870117188, 10 "
                                "bytes\n"));
  EXPECT_EQ(err(), "");
  EXPECT_TRUE(FolderHas(1));
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_FALSE(requests_[0].has_number()) << "the best one, whichever that is";
  EXPECT_EQ(requests_[1].number(), 3) << "and then the same one";
  EXPECT_EQ(requests_[2].offset(), 8);
}

TEST_F(SaveModelTest, TakesTheTrialThatIsNamed) {
  Offer("0123456789", 100);
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_, "--trial", "3", "--output", "json"}),
            kDone);
  EXPECT_EQ(requests_[0].number(), 3);
  EXPECT_EQ(json(), nlohmann::json({{"study", "mnist"},
                                    {"study_state", "ENDED"},
                                    {"trial", 3},
                                    {"step", 7},
                                    {"metric", "accuracy"},
                                    {"objective", 0.8911666870117188},
                                    {"file", path_},
                                    {"bytes", 10}}));
}

TEST_F(SaveModelTest, OfAStudyThatGoesOnSaysSo) {
  Offer("0123456789", 100);
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(TestStudy()));
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_}), kDone);
  EXPECT_EQ(err(), "caviar: study mnist is ACTIVE: this is its best network so far\n");
}

TEST_F(SaveModelTest, KeepsAFileThatIsThereUnlessForced) {
  Offer("0123456789", 100);
  std::ofstream(path_) << "old";
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_}), kFailed);
  EXPECT_EQ(err(), absl::StrCat("caviar: ", path_, " exists already; --force overwrites it\n"));
  EXPECT_EQ(Saved(), "old");
  EXPECT_TRUE(requests_.empty()) << "it is not even fetched";
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_, "--force"}), kDone);
  EXPECT_EQ(Saved(), "0123456789");
}

TEST_F(SaveModelTest, WithoutANetworkItSaysWhyAndWritesNothing) {
  Offer("", 1);
  EXPECT_CALL(client_, DownloadModel)
      .WillOnce(Return(absl::NotFoundError("trial 3 of study 'mnist' has no network here")));
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_}), kFailed);
  EXPECT_EQ(err(), "caviar: trial 3 of study 'mnist' has no network here\n");
  EXPECT_TRUE(FolderHas(0));
}

TEST_F(SaveModelTest, DamageIsNoticedAndNothingIsWritten) {
  using Damage = std::function<void(v1::DownloadModelResponse&)>;
  for (const Damage& damage : std::vector<Damage>{
           [](auto& piece) { piece.set_crc32(7); }, [](auto& piece) { piece.set_size(11); },
           [](auto& piece) { piece.set_size(int64_t{1} << 60); },
           [](auto& piece) { piece.set_size(-1); }, [](auto& piece) { piece.clear_data(); },
           [](auto& piece) { piece.set_data("0123456789A"); }}) {
    Offer("0123456789", 100);
    EXPECT_CALL(client_, DownloadModel)
        .WillRepeatedly([&](const v1::DownloadModelRequest& request) {
          v1::DownloadModelResponse piece;
          piece.set_number(3);
          piece.set_size(10);
          piece.set_crc32(client::Crc32("0123456789"));
          piece.set_data(std::string("0123456789").substr(static_cast<size_t>(request.offset())));
          damage(piece);
          return piece;
        });
    EXPECT_EQ(Run({"best", "mnist", "--save-model", path_}), kFailed);
    EXPECT_THAT(err(), HasSubstr("caviar: the "));
    EXPECT_TRUE(FolderHas(0));
  }
}

TEST_F(SaveModelTest, PiecesOfAnotherFileAreRefused) {
  Offer("0123456789", 4);
  int calls = 0;
  EXPECT_CALL(client_, DownloadModel).WillRepeatedly([&](const v1::DownloadModelRequest&) {
    v1::DownloadModelResponse piece;
    piece.set_number(3);
    piece.set_step(++calls);
    piece.set_size(8);
    piece.set_data("0123");
    return piece;
  });
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_}), kFailed);
  EXPECT_THAT(err(), HasSubstr("do not fit what it sent before; try again"));
  EXPECT_TRUE(FolderHas(0));
}

TEST_F(SaveModelTest, AnInterruptLeavesNothingBehind) {
  Offer("0123456789", 4);
  EXPECT_CALL(client_, DownloadModel).WillOnce([&](const v1::DownloadModelRequest&) {
    interrupt_();
    v1::DownloadModelResponse piece;
    piece.set_size(10);
    piece.set_data("0123");
    return piece;
  });
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_}), kInterrupted);
  EXPECT_EQ(err(), absl::StrCat("caviar: interrupted; ", path_, " was not written\n"));
  EXPECT_TRUE(FolderHas(0));
}

TEST_F(SaveModelTest, OptionsThatNeedItAreRefusedWithoutIt) {
  EXPECT_EQ(Run({"best", "mnist", "--trial", "3"}), kWrongUsage);
  EXPECT_EQ(Run({"best", "mnist", "--force"}), kWrongUsage);
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_, "--top", "3"}), kWrongUsage);
  EXPECT_EQ(Run({"best", "mnist", "--save-model", ""}), kWrongUsage);
  EXPECT_EQ(Run({"best", "mnist", "--save-model", path_, "--trial", "-1"}), kWrongUsage);
}

}  // namespace
}  // namespace caviar::commands
