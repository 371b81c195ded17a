#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "caviar/v1/sha256.h"
#include "client/api/crc32.h"
#include "client/archive/archive.h"
#include "client/commands/git_state.h"
#include "fake_client.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CodeUpload : public CommandTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(project_);
    Write("project/train.py", "print('accuracy=1')\n");
    Write("study.yaml",
          "study: a\ntrainer:\n  command:\n    run: [python3, train.py]\n"
          "    code: {upload: project}\nparameters: {x: {min: 1, max: 2}}\n");
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
  }

  // A coordinator that has the first `received_` bytes of the archive.
  void ExpectUpload() {
    EXPECT_CALL(client_, UploadCode).WillRepeatedly([this](const v1::UploadCodeRequest& request) {
      archive_ = request.archive();
      if (!request.data().empty()) {
        EXPECT_EQ(request.offset(), static_cast<int64_t>(received_.size()));
        EXPECT_LE(request.data().size(), size_t{1} << 20);
        received_ += request.data();
        ++chunks_;
      }
      v1::UploadCodeResponse response;
      response.set_received(static_cast<int64_t>(received_.size()));
      return response;
    });
  }

  void ExpectCreate() {
    EXPECT_CALL(client_, CreateStudy).WillRepeatedly([this](v1::CreateStudyRequest request) {
      if (!request.validate_only()) created_ = request.study();
      return request.study();
    });
  }

  storage::TemporaryFolder folder_;
  const std::string project_ = folder_.path() + "/project";
  const std::string file_ = folder_.path() + "/study.yaml";
  std::string received_;
  int chunks_ = 0;
  v1::CodeArchive archive_;
  v1::Study created_;
};

TEST_F(CodeUpload, TheFolderBesideTheFileIsSentBeforeTheStudyIsCreated) {
  ExpectUpload();
  ExpectCreate();
  EXPECT_EQ(Run({"study", "create", file_}), kDone) << err();
  const v1::Code& code = created_.trainer().command().code();
  EXPECT_EQ(code.upload(), "project");
  EXPECT_EQ(code.archive().sha256(), vocabulary::Sha256(received_));
  EXPECT_EQ(code.archive().size(), static_cast<int64_t>(received_.size()));
  EXPECT_EQ(code.archive().crc32(), client::Crc32(received_));
  EXPECT_EQ(archive_.SerializeAsString(), code.archive().SerializeAsString());
  const std::string unpacked = folder_.path() + "/unpacked";
  std::filesystem::create_directory(unpacked);
  ASSERT_TRUE(archive::Unpack(received_, unpacked, 1 << 20).ok());
  EXPECT_TRUE(std::filesystem::exists(unpacked + "/train.py"));
}

TEST_F(CodeUpload, WhatIsThereAlreadyIsNotSentAgain) {
  std::string noise;
  for (uint32_t i = 0, x = 1; i < 3'000'000; ++i) {
    x = x * 1664525 + 1013904223;
    noise += static_cast<char>(x >> 24);
  }
  Write("project/data.bin", noise);
  archive::PackOptions options;
  options.max_bytes = 50 << 20;
  const std::string archive = *archive::Pack(project_, options);
  ExpectUpload();
  ExpectCreate();
  received_ = archive.substr(0, 1'500'000);
  EXPECT_EQ(Run({"study", "create", file_}), kDone) << err();
  EXPECT_EQ(received_, archive);
  EXPECT_EQ(chunks_, 2);
  EXPECT_EQ(Run({"study", "create", file_, "--name", "b"}), kDone) << err();
  EXPECT_EQ(chunks_, 2);
}

TEST_F(CodeUpload, IgnoredFilesStayAtHome) {
  Write("project/.caviarignore", "*.log\n");
  Write("project/old.log", "x");
  std::filesystem::create_directory(project_ + "/caviar-data");
  Write("project/caviar-data/caviar.db", "x");
  ExpectUpload();
  ExpectCreate();
  EXPECT_EQ(Run({"study", "create", file_}), kDone) << err();
  const std::string unpacked = folder_.path() + "/unpacked";
  std::filesystem::create_directory(unpacked);
  ASSERT_TRUE(archive::Unpack(received_, unpacked, 1 << 20).ok());
  EXPECT_FALSE(std::filesystem::exists(unpacked + "/old.log"));
  EXPECT_FALSE(std::filesystem::exists(unpacked + "/caviar-data"));
  EXPECT_TRUE(std::filesystem::exists(unpacked + "/train.py"));
}

TEST_F(CodeUpload, ADryRunSendsNothing) {
  EXPECT_CALL(client_, CreateStudy).WillOnce([](v1::CreateStudyRequest request) {
    EXPECT_TRUE(request.validate_only());
    EXPECT_EQ(request.study().trainer().command().code().archive().sha256().size(), 64u);
    return request.study();
  });
  EXPECT_EQ(Run({"study", "create", file_, "--dry-run"}), kDone) << err();
}

TEST_F(CodeUpload, ARefusedStudySendsNothing) {
  EXPECT_CALL(client_, CreateStudy)
      .WillOnce(::testing::Return(absl::AlreadyExistsError("the name is taken")));
  EXPECT_EQ(Run({"study", "create", file_}), kFailed);
  EXPECT_EQ(err(), "caviar: the name is taken\n");
}

TEST_F(CodeUpload, AMissingFolderIsNamedWithItsLine) {
  std::filesystem::remove_all(project_);
  EXPECT_EQ(Run({"study", "create", file_}), kWrongUsage);
  EXPECT_THAT(err(), StartsWith("caviar: " + file_ +
                                ":5: trainer.command.code.upload: there is "
                                "no folder "));
}

TEST_F(CodeUpload, GitSaysWhichCommitItIsAndWhetherItWasChanged) {
  EXPECT_FALSE(FindGitState(project_));
  const std::string git =
      "git -C '" + project_ + "' -c user.name=a -c user.email=a@b -c commit.gpgsign=false ";
  ASSERT_EQ(std::system("git --version > /dev/null 2>&1"), 0) << "install git";
  ASSERT_EQ(std::system((git + "init -q").c_str()), 0);
  EXPECT_FALSE(FindGitState(project_));
  ASSERT_EQ(std::system((git + "add . && " + git + "commit -q -m a").c_str()), 0);
  const auto clean = FindGitState(project_);
  ASSERT_TRUE(clean);
  EXPECT_EQ(clean->commit.size(), 40u);
  EXPECT_FALSE(clean->dirty);
  Write("project/new.py", "");
  EXPECT_TRUE(FindGitState(project_)->dirty);
}

}  // namespace
}  // namespace caviar::commands
