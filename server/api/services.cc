#include "server/api/services.h"

#include <utility>

#include "caviar/v1/backup_service.grpc.pb.h"
#include "caviar/v1/server_service.grpc.pb.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "caviar/v1/verification_service.grpc.pb.h"
#include "caviar/v1/worker_service.grpc.pb.h"
#include "server/api/backup_stream.h"
#include "server/api/parked_call.h"
#include "server/api/study_watch.h"
#include "server/api/unary.h"
#include "server/api/verification_call.h"

namespace caviar::server_api {
namespace {

using coordinator::Coordinator;
using Context = grpc::CallbackServerContext;
using Bytes = grpc::ByteBuffer;
using Unary = grpc::ServerUnaryReactor;

// A service whose methods, each given by its generated wrapper, take raw bytes (unary.h says why).
template <typename Service, template <typename> class... Methods>
struct WithRawMethods {
  using Type = Service;
};
template <typename Service, template <typename> class First, template <typename> class... Others>
struct WithRawMethods<Service, First, Others...> {
  using Type = First<typename WithRawMethods<Service, Others...>::Type>;
};
template <typename Service, template <typename> class... Methods>
using RawMethods = typename WithRawMethods<Service, Methods...>::Type;

using StudyServiceBase =
    RawMethods<v1::StudyService::Service, v1::StudyService::WithRawCallbackMethod_CreateStudy,
               v1::StudyService::WithRawCallbackMethod_GetStudy,
               v1::StudyService::WithRawCallbackMethod_ListStudies,
               v1::StudyService::WithRawCallbackMethod_StopStudy,
               v1::StudyService::WithRawCallbackMethod_ResumeStudy,
               v1::StudyService::WithRawCallbackMethod_DeleteStudy,
               v1::StudyService::WithRawCallbackMethod_GetTrial,
               v1::StudyService::WithRawCallbackMethod_ListTrials,
               v1::StudyService::WithRawCallbackMethod_ListBestTrials,
               v1::StudyService::WithRawCallbackMethod_WatchStudy,
               v1::StudyService::WithRawCallbackMethod_AskTrial,
               v1::StudyService::WithRawCallbackMethod_ReportTrial,
               v1::StudyService::WithRawCallbackMethod_TellTrial,
               v1::StudyService::WithRawCallbackMethod_AddTrial,
               v1::StudyService::WithRawCallbackMethod_GetImportance,
               v1::StudyService::WithRawCallbackMethod_LintStudy,
               v1::StudyService::WithRawCallbackMethod_ReplayPruner,
               v1::StudyService::WithRawCallbackMethod_DownloadModel,
               v1::StudyService::WithRawCallbackMethod_UploadCode,
               v1::StudyService::WithRawCallbackMethod_ReadLog,
               v1::StudyService::WithRawCallbackMethod_UpdateStudy,
               v1::StudyService::WithRawCallbackMethod_RetryTrial,
               v1::StudyService::WithRawCallbackMethod_CancelTrials>;
using WorkerServiceBase =
    RawMethods<v1::WorkerService::Service, v1::WorkerService::WithRawCallbackMethod_RegisterWorker,
               v1::WorkerService::WithRawCallbackMethod_AcquireWork,
               v1::WorkerService::WithRawCallbackMethod_RenewLeases,
               v1::WorkerService::WithRawCallbackMethod_ReportMeasurements,
               v1::WorkerService::WithRawCallbackMethod_FinishWork,
               v1::WorkerService::WithRawCallbackMethod_GiveBackWork,
               v1::WorkerService::WithRawCallbackMethod_UploadChunk,
               v1::WorkerService::WithRawCallbackMethod_DownloadChunk,
               v1::WorkerService::WithRawCallbackMethod_AppendLog,
               v1::WorkerService::WithRawCallbackMethod_DownloadCode>;
using ServerServiceBase =
    RawMethods<v1::ServerService::Service, v1::ServerService::WithRawCallbackMethod_GetServerStatus,
               v1::ServerService::WithRawCallbackMethod_ListWorkers,
               v1::ServerService::WithRawCallbackMethod_GetServerUsage>;
using VerificationServiceBase =
    RawMethods<v1::VerificationService::Service,
               v1::VerificationService::WithRawCallbackMethod_VerifyStudy>;

using BackupServiceBase =
    RawMethods<v1::BackupService::Service, v1::BackupService::WithRawCallbackMethod_BackUp>;

class StudyServiceImpl final : public StudyServiceBase {
 public:
  StudyServiceImpl(Coordinator& coordinator, const Doors& doors, const std::atomic<bool>& draining)
      : coordinator_(coordinator), doors_(doors), draining_(draining) {}

  Unary* CreateStudy(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary<v1::CreateStudyRequest, v1::Study>(
        doors_.changes, context, request, answer,
        [this, context](v1::CreateStudyRequest create, coordinator::Done<v1::Study> done) {
          const bool runs = create.study().trainer().has_command();
          const auto creator =
              doors_.changes.WhoIs(*context, runs ? Right::kCommand : Right::kWrite);
          if (!creator.ok()) return done(creator.status());
          create.mutable_study()->set_owner(creator->name);
          coordinator_.CreateStudy(std::move(create), std::move(done));
        });
  }
  Unary* GetStudy(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_, &Coordinator::GetStudy);
  }
  Unary* ListStudies(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_,
                      &Coordinator::ListStudies);
  }
  Unary* StopStudy(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::StopStudy);
  }
  Unary* ResumeStudy(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::ResumeStudy);
  }
  Unary* DeleteStudy(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::DeleteStudy);
  }
  Unary* GetTrial(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_, &Coordinator::GetTrial);
  }
  Unary* ListTrials(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_,
                      &Coordinator::ListTrials);
  }
  Unary* ListBestTrials(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_,
                      &Coordinator::ListBestTrials);
  }
  grpc::ServerWriteReactor<Bytes>* WatchStudy(Context* context, const Bytes* request) override {
    return StudyWatch::Start(coordinator_, doors_.reads, context, request, draining_);
  }
  Unary* AskTrial(Context* context, const Bytes* request, Bytes* answer) override {
    return ParkedCall::Ask(coordinator_, doors_.asks, context, request, answer);
  }
  Unary* ReportTrial(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::ReportTrial);
  }
  Unary* AddTrial(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::AddTrial);
  }
  Unary* UpdateStudy(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::UpdateStudy);
  }
  Unary* RetryTrial(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::RetryTrial);
  }
  Unary* CancelTrials(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.changes, context, request, answer, coordinator_,
                      &Coordinator::CancelTrials);
  }
  Unary* TellTrial(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.tells, context, request, answer, coordinator_,
                      &Coordinator::TellTrial);
  }
  Unary* DownloadModel(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.files, context, request, answer, coordinator_,
                      &Coordinator::DownloadModel);
  }
  Unary* UploadCode(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.code, context, request, answer, coordinator_,
                      &Coordinator::UploadCode);
  }
  Unary* ReadLog(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.files, context, request, answer, coordinator_, &Coordinator::ReadLog);
  }
  Unary* GetImportance(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_,
                      &Coordinator::GetImportance);
  }
  Unary* LintStudy(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_,
                      &Coordinator::LintStudy);
  }
  Unary* ReplayPruner(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reads, context, request, answer, coordinator_,
                      &Coordinator::ReplayPruner);
  }

 private:
  Coordinator& coordinator_;
  const Doors& doors_;
  const std::atomic<bool>& draining_;
};

class WorkerServiceImpl final : public WorkerServiceBase {
 public:
  WorkerServiceImpl(Coordinator& coordinator, const Doors& doors)
      : coordinator_(coordinator), doors_(doors) {}

  Unary* RegisterWorker(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.registrations, context, request, answer, coordinator_,
                      &Coordinator::RegisterWorker);
  }
  Unary* AcquireWork(Context* context, const Bytes* request, Bytes* answer) override {
    return ParkedCall::Acquire(coordinator_, doors_.polls, context, request, answer);
  }
  Unary* RenewLeases(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.leases, context, request, answer, coordinator_,
                      &Coordinator::RenewLeases);
  }
  Unary* ReportMeasurements(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.reports, context, request, answer, coordinator_,
                      &Coordinator::ReportMeasurements);
  }
  Unary* FinishWork(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.leases, context, request, answer, coordinator_,
                      &Coordinator::FinishWork);
  }
  Unary* GiveBackWork(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.leases, context, request, answer, coordinator_,
                      &Coordinator::GiveBackWork);
  }
  Unary* UploadChunk(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.pieces, context, request, answer, coordinator_,
                      &Coordinator::UploadChunk);
  }
  Unary* DownloadChunk(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.pieces, context, request, answer, coordinator_,
                      &Coordinator::DownloadChunk);
  }
  Unary* AppendLog(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.pieces, context, request, answer, coordinator_,
                      &Coordinator::AppendLog);
  }
  Unary* DownloadCode(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary(doors_.pieces, context, request, answer, coordinator_,
                      &Coordinator::DownloadCode);
  }

 private:
  Coordinator& coordinator_;
  const Doors& doors_;
};

class ServerServiceImpl final : public ServerServiceBase {
 public:
  ServerServiceImpl(Coordinator& coordinator, const Doors& doors)
      : coordinator_(coordinator), doors_(doors) {}

  Unary* GetServerStatus(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary<v1::GetServerStatusRequest, v1::ServerStatus>(
        doors_.reads, context, request, answer,
        [this](const v1::GetServerStatusRequest&, coordinator::Done<v1::ServerStatus> done) {
          coordinator_.GetServerStatus(std::move(done));
        });
  }
  Unary* ListWorkers(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary<v1::ListWorkersRequest, v1::ListWorkersResponse>(
        doors_.reads, context, request, answer,
        [this](const v1::ListWorkersRequest&, coordinator::Done<v1::ListWorkersResponse> done) {
          coordinator_.ListWorkers(std::move(done));
        });
  }
  Unary* GetServerUsage(Context* context, const Bytes* request, Bytes* answer) override {
    return ServeUnary<v1::GetServerUsageRequest, v1::ServerUsage>(
        doors_.reads, context, request, answer,
        [this, context](const v1::GetServerUsageRequest&, coordinator::Done<v1::ServerUsage> done) {
          coordinator_.GetServerUsage(std::move(done), WantedBy(*context));
        });
  }

 private:
  Coordinator& coordinator_;
  const Doors& doors_;
};

class BackupServiceImpl final : public BackupServiceBase {
 public:
  BackupServiceImpl(coordinator::Backups& backups, const Doors& doors,
                    const std::atomic<bool>& draining)
      : backups_(backups), doors_(doors), draining_(draining) {}

  // Its request has no fields.
  grpc::ServerWriteReactor<Bytes>* BackUp(Context* context, const Bytes*) override {
    return BackupStream::Start(backups_, doors_.backups, context, draining_);
  }

 private:
  coordinator::Backups& backups_;
  const Doors& doors_;
  const std::atomic<bool>& draining_;
};

class VerificationServiceImpl final : public VerificationServiceBase {
 public:
  VerificationServiceImpl(Coordinator& coordinator, const Doors& doors,
                          const std::atomic<bool>& draining)
      : coordinator_(coordinator), doors_(doors), draining_(draining) {}

  grpc::ServerWriteReactor<Bytes>* VerifyStudy(Context* context, const Bytes* request) override {
    return VerificationCall::Start(coordinator_, doors_.reads, context, request, draining_);
  }

 private:
  Coordinator& coordinator_;
  const Doors& doors_;
  const std::atomic<bool>& draining_;
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeServices(Coordinator& coordinator,
                                                         coordinator::Backups* backups,
                                                         const Doors& doors,
                                                         const std::atomic<bool>& draining) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<StudyServiceImpl>(coordinator, doors, draining));
  services.push_back(std::make_unique<WorkerServiceImpl>(coordinator, doors));
  services.push_back(std::make_unique<ServerServiceImpl>(coordinator, doors));
  services.push_back(std::make_unique<VerificationServiceImpl>(coordinator, doors, draining));
  if (backups != nullptr) {
    services.push_back(std::make_unique<BackupServiceImpl>(*backups, doors, draining));
  }
  return services;
}

std::vector<std::string> ServiceNames() {
  return {v1::StudyService::service_full_name(), v1::WorkerService::service_full_name(),
          v1::ServerService::service_full_name(), v1::VerificationService::service_full_name()};
}

}  // namespace caviar::server_api
