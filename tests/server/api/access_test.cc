// Who may make which call, over real connections.
#include "server/api/access.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "caviar/v1/backup_service.pb.h"
#include "caviar/v1/server_service.pb.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "caviar/v1/verification_service.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "server/api/server.h"
#include "tests/server/api/fake_coordinator.h"
#include "tests/server/api/raw_call.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::server_api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Of each role.
const std::map<std::string, std::string>& Tokens() {
  static const auto& tokens =
      *new std::map<std::string, std::string>{{"read", "reads-0123456789abcdef"},
                                              {"write", "writes-0123456789abcdef"},
                                              {"command", "commands-0123456789abcdef"},
                                              {"worker", "works-0123456789abcdef"}};
  return tokens;
}

// All services and their methods, from the descriptors: none can be forgotten.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto* file :
       {v1::CreateStudyRequest::descriptor()->file(),
        v1::RegisterWorkerRequest::descriptor()->file(),
        v1::GetServerStatusRequest::descriptor()->file(),
        v1::VerifyStudyRequest::descriptor()->file(), v1::BackUpRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int k = 0; k < file->service(i)->method_count(); ++k) {
        methods.push_back(file->service(i)->method(k));
      }
    }
  }
  return methods;
}

std::string PathOf(const google::protobuf::MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

// The roles that may.
std::set<std::string> RolesFor(const google::protobuf::MethodDescriptor& method) {
  static const auto& reads = *new std::set<std::string>{
      "GetStudy",     "ListStudies",   "GetTrial",        "ListTrials",    "ListBestTrials",
      "WatchStudy",   "DownloadModel", "ReadLog",         "GetImportance", "LintStudy",
      "ReplayPruner", "VerifyStudy",   "GetServerStatus", "ListWorkers",   "GetServerUsage"};
  static const auto& commands = *new std::set<std::string>{"UploadCode", "BackUp"};
  if (method.service()->name() == "WorkerService") return {"worker"};
  if (reads.contains(method.name())) return {"read", "write", "command"};
  if (commands.contains(method.name())) return {"command"};
  return {"write", "command"};
}

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteTokens("");
    auto access = Access::Open({kOwn}, "owner", file_);
    ASSERT_TRUE(access.ok()) << access.status();
    access_ = *std::move(access);
    ServerOptions options;
    options.access = access_.get();
    options.backups = &backups_;
    options.probe_interval = absl::Hours(1);  // it reads the file, too
    auto server = Server::Start(coordinator_, "127.0.0.1:0", options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  }

  void WriteTokens(const std::string& more) {
    std::ofstream file(file_, std::ios::trunc);
    for (const auto& [role, token] : Tokens()) file << role << "r " << role << " " << token << "\n";
    file << more;
    file.close();
    ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  }

  grpc::StatusCode Call(const google::protobuf::MethodDescriptor& method,
                        const std::string& token) {
    return RawCall(channel_, PathOf(method), "", nullptr, token).error_code();
  }
  grpc::Status Create(const v1::Study& study, const std::string& token) {
    v1::CreateStudyRequest request;
    request.mutable_request_id()->set_client_id("0123456789abcdef0123456789abcdef");
    request.mutable_request_id()->set_sequence(1);
    *request.mutable_study() = study;
    return RawCall(channel_, "/caviar.v1.StudyService/CreateStudy", request.SerializeAsString(),
                   nullptr, token);
  }

  storage::TemporaryFolder folder_;
  const std::string file_ = folder_.path() + "/tokens";
  FakeCoordinator coordinator_;
  coordinator::Backups backups_{[] { return absl::UnavailableError("none here"); }};
  std::unique_ptr<Access> access_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(AccessTest, NoMethodIsOpenToStrangers) {
  const auto methods = AllMethods();
  EXPECT_GE(methods.size(), 38u);
  for (const auto* method : methods) {
    for (const char* token : {"", "nobodys-0123456789abcdef", "own-0123456789abcde"}) {
      const grpc::Status status = RawCall(channel_, PathOf(*method), "", nullptr, token);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED)
          << method->full_name() << " with \"" << token << "\": " << status.error_message();
      EXPECT_EQ(status.error_message(), "not authenticated");
    }
  }
}

TEST_F(AccessTest, EachRoleMayDoWhatItIsFor) {
  for (const auto* method : AllMethods()) {
    const std::set<std::string> roles = RolesFor(*method);
    for (const auto& [role, token] : Tokens()) {
      const grpc::StatusCode code = Call(*method, token);
      EXPECT_NE(code, grpc::StatusCode::UNAUTHENTICATED) << method->full_name() << " as " << role;
      EXPECT_EQ(code != grpc::StatusCode::PERMISSION_DENIED, roles.contains(role))
          << method->full_name() << " as " << role << ": " << code;
    }
    const grpc::StatusCode code = Call(*method, kOwn);
    EXPECT_NE(code, grpc::StatusCode::PERMISSION_DENIED) << method->full_name();
    EXPECT_NE(code, grpc::StatusCode::UNAUTHENTICATED) << method->full_name();
  }
}

TEST_F(AccessTest, OnlySomeMayBringPrograms) {
  coordinator_.create_study = [](const v1::CreateStudyRequest& request) { return request.study(); };
  v1::Study study;
  study.set_name("s");
  study.mutable_trainer()->mutable_external();
  EXPECT_TRUE(Create(study, Tokens().at("write")).ok());
  study.mutable_trainer()->mutable_command()->add_run("true");
  EXPECT_EQ(Create(study, Tokens().at("write")).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(Create(study, Tokens().at("command")).ok());
  EXPECT_TRUE(Create(study, kOwn).ok());
}

TEST_F(AccessTest, AStudyHasItsCreatorsName) {
  std::string owner;
  coordinator_.create_study = [&owner](const v1::CreateStudyRequest& request) {
    owner = request.study().owner();
    return request.study();
  };
  v1::Study study;
  study.set_name("s");
  study.set_owner("somebody-else");
  study.mutable_trainer()->mutable_external();
  ASSERT_TRUE(Create(study, Tokens().at("write")).ok());
  EXPECT_EQ(owner, "writer");
  ASSERT_TRUE(Create(study, kOwn).ok());
  EXPECT_EQ(owner, "owner");
}

TEST_F(AccessTest, HealthIsOpen) {
  EXPECT_TRUE(RawCall(channel_, "/grpc.health.v1.Health/Check", "").ok());
}

TEST_F(AccessTest, TheFileIsReadAgain) {
  const auto& method = *AllMethods().front();
  const std::string token = "another-0123456789abcdef";
  EXPECT_EQ(Call(method, token), grpc::StatusCode::UNAUTHENTICATED);
  WriteTokens("another write " + token + "\n");
  ASSERT_TRUE(access_->Refresh().ok());
  EXPECT_NE(Call(method, token), grpc::StatusCode::UNAUTHENTICATED);
  // What is wrong changes nothing, and is said once.
  WriteTokens("another\n");
  const absl::Status wrong = access_->Refresh();
  EXPECT_EQ(wrong.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(wrong.message()), HasSubstr(file_ + ", line 5: "));
  EXPECT_THAT(std::string(wrong.message()), Not(HasSubstr("0123456789abcdef")));
  EXPECT_TRUE(access_->Refresh().ok());
  EXPECT_NE(Call(method, token), grpc::StatusCode::UNAUTHENTICATED);
  // Taken away.
  WriteTokens("");
  EXPECT_TRUE(access_->Refresh().ok());
  EXPECT_EQ(Call(method, token), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AccessTest, AFileThatWasOpenToOthersIsReadOnceItIsNot) {
  const auto& method = *AllMethods().front();
  const std::string token = "another-0123456789abcdef";
  WriteTokens("another write " + token + "\n");
  ASSERT_TRUE(access_->Refresh().ok());
  WriteTokens("");
  chmod(file_.c_str(), 0644);
  EXPECT_THAT(std::string(access_->Refresh().message()), HasSubstr("chmod 600"));
  EXPECT_NE(Call(method, token), grpc::StatusCode::UNAUTHENTICATED) << "as before";
  chmod(file_.c_str(), 0600);
  EXPECT_TRUE(access_->Refresh().ok());
  EXPECT_EQ(Call(method, token), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AccessTest, AFileThatCouldNotBeReadIsTriedAgain) {
  const auto& method = *AllMethods().front();
  const std::string token = "another-0123456789abcdef";
  EXPECT_EQ(Call(method, token), grpc::StatusCode::UNAUTHENTICATED);
  WriteTokens("another write " + token + "\n");
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none = {0, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const absl::Status refused = access_->Refresh();
  const absl::Status again = access_->Refresh();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("cannot be read"));
  EXPECT_TRUE(again.ok()) << "said once";
  EXPECT_TRUE(access_->Refresh().ok());
  EXPECT_NE(Call(method, token), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace caviar::server_api
