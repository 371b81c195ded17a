// Requests of the version before pass the checks of their shape.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "server/api/request_checks.h"

namespace caviar::server_api {
namespace {

template <typename Request>
void Check(const std::string& name, const std::string& bytes, int& checked) {
  if (Request::descriptor()->name() != name) return;
  Request request;
  ASSERT_TRUE(request.ParseFromString(bytes)) << name;
  EXPECT_TRUE(CheckRequest(request).ok()) << name << ": " << CheckRequest(request);
  ++checked;
}

template <typename... Requests>
void CheckAny(const std::string& name, const std::string& bytes, int& checked) {
  (Check<Requests>(name, bytes, checked), ...);
}

TEST(OlderRequests, AreTaken) {
  std::ifstream lines(OLDER_VERSION "/messages-1.txt");
  int checked = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, hex;
    words >> name >> hex;
    if (name == "#") continue;
    CheckAny<v1::CreateStudyRequest, v1::GetStudyRequest, v1::ListStudiesRequest,
             v1::StopStudyRequest, v1::ResumeStudyRequest, v1::GetTrialRequest,
             v1::ListTrialsRequest, v1::ListBestTrialsRequest, v1::AskTrialRequest,
             v1::TellTrialRequest, v1::AddTrialRequest, v1::RegisterWorkerRequest,
             v1::AcquireWorkRequest, v1::RenewLeasesRequest, v1::ReportMeasurementsRequest,
             v1::FinishWorkRequest, v1::GiveBackWorkRequest, v1::UploadChunkRequest>(
        name, absl::HexStringToBytes(hex), checked);
  }
  EXPECT_EQ(checked, 18);
}

}  // namespace
}  // namespace caviar::server_api
