#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "caviar/v1/counted.h"
#include "client/commands/absence.h"
#include "client/commands/command_line.h"
#include "client/render/progress.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

// One that its coordinator does not live through is not begun again and again.
constexpr int kMostBeginnings = 5;

std::string DifferenceText(const v1::StoredDifference& difference) {
  const bool parameter = !difference.parameter().empty();
  return render::Printable(absl::StrCat("trial ", difference.trial(), parameter ? ", " : "",
                                        difference.parameter(), ": stored ", difference.stored(),
                                        ", computed ", difference.computed()));
}

// "" where there are none.
std::string CountText(int count, const std::string& what) {
  return count == 0 ? "" : absl::StrCat(count, " ", what);
}

void PrintTable(const v1::VerifyStudyResponse& found, Session& session) {
  const auto add = [](std::string& text, const std::string& more) {
    if (!more.empty()) absl::StrAppend(&text, text.empty() ? "" : ", ", more);
  };
  std::string others;
  add(others, CountText(found.equal_stand_ins(), "Sobol points that stood in, equal"));
  add(others, CountText(found.equal_known(), "of the study file, equal"));
  add(others, CountText(found.equal_repeats(), "repeats, equal"));
  add(others, CountText(found.added(), "added by a person"));
  const bool equal = found.differences() == 0;
  session.out() << render::RenderPairs(
      {{"trials", absl::StrCat(found.trials())},
       {"suggestions", absl::StrCat(found.equal(), " computed again, equal")},
       {"others", others},
       {"decisions", CountText(found.equal_decisions(), "of the pruner computed again, equal")},
       {"not comparable", CountText(found.not_comparable(), "trials")},
       {"differences",
        {absl::StrCat(found.differences()), equal ? render::Color::kGreen : render::Color::kRed}}},
      session.colors());
}

int Judge(const std::string& name, const v1::VerifyStudyResponse& found, Session& session) {
  if (found.differences() > 0) {
    session.Complain(absl::StrCat("study ", name, " does not follow from what is stored; first: ",
                                  DifferenceText(found.first_difference())));
    return kFailed;
  }
  if (found.not_comparable() > 0) {
    const bool is_one = found.not_comparable() == 1;
    session.Complain(render::Printable(absl::StrCat(
        vocabulary::Counted(found.not_comparable(), "trial"),
        " cannot be compared: ", is_one ? "it was" : "they were", " suggested by ",
        found.other_maker(), "; this coordinator has ", found.this_maker(),
        is_one ? ". One like that can verify it" : ". One like theirs can verify them")));
    return kPartly;
  }
  return kDone;
}

// The answer. A coordinator that goes away meanwhile is waited for, and begins again.
absl::StatusOr<v1::VerifyStudyResponse> Found(const std::string& name, client::Client& client,
                                              Session& session) {
  v1::VerifyStudyRequest request;
  request.set_study(name);
  const bool has_bar = session.is_table() && session.environment().out_is_terminal;
  const auto clear = [&] {
    if (has_bar) session.out() << render::kEraseLine << std::flush;
  };
  Absence absence(session);
  const absl::Notification never;  // an interrupt ends the process
  bool has_begun = false;
  const auto show = [&](const v1::VerifyStudyResponse& so_far) {
    has_begun = true;
    absence.End();
    if (!has_bar) return;
    const int width = session.environment().terminal_width() - 1;
    session.out() << render::kEraseLine
                  << render::CountLine(
                         so_far.trials(), so_far.total_trials(),
                         absl::StrCat("trials verified, ", so_far.differences(), " differences"),
                         width)
                  << std::flush;
  };
  for (int beginnings = 0;; has_begun = false) {
    auto found = client.VerifyStudy(request, show);
    clear();
    if (found.ok() || !IsNoCoordinator(found.status())) return found;
    if (has_begun && ++beginnings >= kMostBeginnings) return found;
    if (!absence.Wait(found.status(), never,
                      [&](const std::string& what) { session.Complain(what); })) {
      return absence.TooLong();
    }
  }
}

int Verify(const std::string& name, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  // Patient, unlike a stream: tells at once whether there is a coordinator, and such a study.
  v1::GetStudyRequest get;
  get.set_study(name);
  if (const auto study = (*client)->GetStudy(get); !study.ok()) return session.Fail(study.status());
  const auto found = Found(name, **client, session);
  if (!found.ok()) return session.Fail(found.status());
  session.is_table() ? PrintTable(*found, session) : session.Print(*found);
  return Judge(name, *found, session);
}

}  // namespace

void AddStudyVerify(Command study, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  Command command =
      line.Add(study, "verify", "Compute every suggestion again from what is stored, and compare",
               [name](Session& session) { return Verify(*name, session); });
  command.AddOption("NAME", *name, "Name of the study").Required();
}

}  // namespace caviar::commands
