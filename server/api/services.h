// The gRPC services: each method checks the request's shape and calls the coordinator's method of
// the same name. No decisions here.
#ifndef CAVIAR_SERVER_API_SERVICES_H_
#define CAVIAR_SERVER_API_SERVICES_H_

#include <grpcpp/impl/service_type.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "server/api/door.h"
#include "server/coordinator/backups.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// StudyService, WorkerService, ServerService, VerificationService and, where there are `backups`,
// BackupService. All that is passed outlives them; once `draining` is true, streams end.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(coordinator::Coordinator& coordinator,
                                                         coordinator::Backups* backups,
                                                         const Doors& doors,
                                                         const std::atomic<bool>& draining);

// Their full names, such as "caviar.v1.StudyService".
std::vector<std::string> ServiceNames();

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_SERVICES_H_
