#include "client/commands/command_line.h"
#include "client/render/json.h"
#include "client/study_file/json_schema.h"

namespace caviar::commands {

void AddStudySchema(Command study, CommandLine& line) {
  line.AddLocal(study, "schema", "Print the JSON Schema of the study file, for editors",
                [](Session& session) {
                  session.out() << render::FormatJson(study_file::StudyFileSchema());
                  return kDone;
                });
}

}  // namespace caviar::commands
