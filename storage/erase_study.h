// Erasing a deleted study, a bounded number of rows at a time.
#ifndef CAVIAR_STORAGE_ERASE_STUDY_H_
#define CAVIAR_STORAGE_ERASE_STUDY_H_

#include "absl/status/status.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

// Erases up to 1,000 rows; nothing where the study is gone already. INVALID_ARGUMENT: the study is
// not deleted.
absl::Status WriteRow(const WriteContext& context, const EraseStudyChunk& chunk);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_ERASE_STUDY_H_
