#include "client/commands/server_backup.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/error_detail.h"
#include "client/api/backup.h"
#include "client/api/retry.h"
#include "client/commands/new_file.h"
#include "client/commands/session.h"
#include "client/render/number.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

// How long other backups, such as the coordinator's own copies, are waited for.
constexpr absl::Duration kPatience = absl::Minutes(10);

struct BackupArguments {
  std::string file;
  bool overwrite = false;
};

// Into `file`, once no other backup is being taken; until `stop`, or that takes too long.
absl::StatusOr<v1::BackupSummary> TakeInTurn(client::BackupDownload& download, NewFile& file,
                                             const absl::Notification& stop, Session& session) {
  Environment& environment = session.environment();
  const absl::Time until = environment.now() + kPatience;
  for (bool said = false; true; said = true) {
    auto summary = download.Run([&file](absl::string_view data) { return file.Write(data); });
    if (!error::HasReason(summary.status(), error::kBackupRunning)) return summary;
    if (stop.HasBeenNotified() || environment.now() >= until) return summary;
    if (!said) {
      session.Complain(absl::StrCat("another backup is being taken; waiting until it is done, for ",
                                    render::DurationText(kPatience), " at most"));
    }
    environment.wait(client::RetryDelay(summary.status()).value_or(absl::Seconds(1)), stop);
  }
}

int Backup(const BackupArguments& arguments, Session& session) {
  absl::Notification stop;
  const auto address = session.Address();
  if (!address.ok()) return session.Fail(address.status());
  client::BackupDownload download(*address, session.credentials());
  // Before the client, so that its threads leave the signals alone.
  const auto guard = session.environment().catch_interrupts([&] {
    stop.Notify();
    download.Cancel();
  });
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  // Waits for a coordinator as long as all commands do.
  if (const auto status = (*client)->GetServerStatus(); !status.ok()) {
    return session.Fail(status.status());
  }
  // What programs get in their environment is in there too.
  auto file = NewFile::Create(arguments.file, arguments.overwrite, 0600);
  if (!file.ok()) return session.Fail(file.status());
  const auto summary = TakeInTurn(download, **file, stop, session);
  if (stop.HasBeenNotified()) {
    session.Complain(absl::StrCat("interrupted; ", arguments.file, " was not written"));
    return kInterrupted;
  }
  if (!summary.ok()) return session.Fail(summary.status());
  if (const absl::Status finished = (*file)->Finish(); !finished.ok()) {
    return session.Fail(finished);
  }
  if (!session.is_table()) {
    session.Print(nlohmann::ordered_json{{"file", arguments.file},
                                         {"commit", summary->commit()},
                                         {"files", summary->files()},
                                         {"bytes", summary->size()}});
    return kDone;
  }
  session.out() << render::Printable(absl::StrCat("saved ", arguments.file, ": all up to commit ",
                                                  summary->commit(), ", with ",
                                                  vocabulary::Counted(summary->files(), "file"),
                                                  ", ", summary->size(), " bytes"))
                << "\n";
  return kDone;
}

}  // namespace

void AddServerBackup(Command server, CommandLine& line) {
  auto arguments = std::make_shared<BackupArguments>();
  Command command = line.Add(server, "backup",
                             "Save all that the coordinator keeps, while it serves; "
                             "caviar-coordinator --restore takes it back",
                             [arguments](Session& session) { return Backup(*arguments, session); });
  command.AddOption("file", arguments->file, "File to write; it appears as a whole or not at all")
      .Required();
  command.AddFlag("--force", arguments->overwrite, "Overwrite the file if it exists");
}

}  // namespace caviar::commands
