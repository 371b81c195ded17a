// Takes a copy of all that a coordinator keeps home: `caviar server backup FILE`.
#ifndef CAVIAR_CLIENT_COMMANDS_SERVER_BACKUP_H_
#define CAVIAR_CLIENT_COMMANDS_SERVER_BACKUP_H_

#include "client/commands/command_line.h"

namespace caviar::commands {

void AddServerBackup(Command server, CommandLine& line);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_SERVER_BACKUP_H_
