#include "storage/evaluation_class_table.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

std::string ToJson(const v1::ClassResult& result) {
  return absl::StrCat("[", absl::StrJoin(result.predicted_as(), ","), "]");
}

// Reads what ToJson wrote; false: it is something else.
bool FromJson(absl::string_view json, v1::ClassResult& result) {
  if (!absl::ConsumePrefix(&json, "[") || !absl::ConsumeSuffix(&json, "]")) return false;
  for (const absl::string_view count : absl::StrSplit(json, ',', absl::SkipEmpty())) {
    int64_t value = 0;
    if (!absl::SimpleAtoi(count, &value)) return false;
    result.add_predicted_as(value);
  }
  return true;
}

}  // namespace

absl::Status WriteClasses(const WriteContext& context, const EvaluationRow& row) {
  Query erase(context.connection, "DELETE FROM evaluation_class WHERE study_id = ?");
  if (absl::Status status = erase.Bind(row.study_id).Run(); !status.ok()) return status;
  int64_t number = 0;
  for (const v1::ClassResult& result : row.classes) {
    Query insert(context.connection,
                 "INSERT INTO evaluation_class (study_id, number, name, precision, recall, f1, "
                 "examples, predicted_as, commit_number, checksum) VALUES (?,?,?,?,?,?,?,?,?,?)");
    insert.Bind(row.study_id, number++, result.name(), result.precision(), result.recall(),
                result.f1(), int64_t{result.examples()}, ToJson(result), context.commit);
    if (absl::Status status = insert.BindChecksum().Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReadClasses(Connection& connection, EvaluationRow& row) {
  Query query(connection, "SELECT * FROM evaluation_class WHERE study_id = ? ORDER BY number");
  query.Bind(row.study_id);
  while (query.NextOf(kEvaluationClassTable)) {
    v1::ClassResult& result = row.classes.emplace_back();
    result.set_name(query.Text(2));
    result.set_precision(query.Real(3));
    result.set_recall(query.Real(4));
    result.set_f1(query.Real(5));
    result.set_examples(query.Integer(6));
    if (!FromJson(query.Text(7), result)) query.Damaged(7);
  }
  return query.status();
}

}  // namespace caviar::storage
