// Whether a coordinator has what it once acknowledged, and whether its trials make sense.
#ifndef CAVIAR_TESTS_SYSTEM_FAULTS_ACKNOWLEDGED_H_
#define CAVIAR_TESTS_SYSTEM_FAULTS_ACKNOWLEDGED_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/api/client.h"
#include "tests/system/faults/counting_client.h"

namespace caviar::system_test {

// All trials of a study, with their measurements; fails the test where they cannot be read.
std::vector<v1::Trial> AllTrials(client::Client& client, const std::string& study);

// acknowledged-is-durable: all that was acknowledged of these trials is in the store, with the same
// bits. More may be there: its clients go on.
void ExpectKept(client::Client& client, const std::string& study,
                const std::map<int32_t, AcknowledgedTrial>& acknowledged);

// once: the clients have stopped, so the study holds what was acknowledged, each thing once, and
// nothing else; and their grants never had a token twice.
void ExpectExactly(client::Client& client, const std::string& study,
                   const std::map<int32_t, AcknowledgedTrial>& acknowledged);

// one-lease and no-orphans, on trials of a network study whose workers were killed: tokens grow
// from attempt to attempt, only lost leases count, no more were lost than allowed, and a trial that
// completed measured each of its `epochs` once.
void ExpectSound(const v1::Trial& trial, int max_attempts, int epochs);

// PRAGMA integrity_check of a database; "ok" where all is well.
std::string IntegrityCheck(const std::string& database);
// The one number that a query yields; -1: it failed.
int64_t QueryNumber(const std::string& database, const std::string& sql);

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_FAULTS_ACKNOWLEDGED_H_
