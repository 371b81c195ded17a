// A YAML document as a tree that remembers lines, order and quotes.
//
// YAML::Node forgets which of two equal keys came first and whether a scalar was quoted, and
// expands aliases without a bound; so this is built from the parser's events instead.
#ifndef CAVIAR_CLIENT_STUDY_FILE_DOCUMENT_H_
#define CAVIAR_CLIENT_STUDY_FILE_DOCUMENT_H_

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace caviar::study_file {

struct Node {
  struct Entry {
    std::string key;
    int line = 0;
    const Node* value = nullptr;
  };
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  // Of its first character, from 1.
  int line = 0;
  // A scalar in quotes, in block form or tagged !!str: text, whatever it looks like.
  bool quoted = false;
  // Of a scalar.
  std::string text;
  // Of a sequence.
  std::vector<const Node*> items;
  // Of a mapping: in order, keys distinct, merge keys (<<) already merged.
  std::vector<Entry> entries;
  // Nodes in this subtree with its aliases expanded.
  size_t size = 1;
};

// What is wrong at a place in a file.
struct Problem {
  int line = 0;
  // Empty: the file as a whole.
  std::string field;
  std::string what;
};

struct Document {
  // Owner of all nodes; a deque because nodes point to each other.
  std::deque<Node> nodes;
  // Null where nothing could be read.
  const Node* root = nullptr;
  std::vector<Problem> problems;
};

inline constexpr size_t kMaxBytes = size_t{1} << 20;
inline constexpr size_t kMaxNodes = 100'000;

Document ReadDocument(absl::string_view text);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_DOCUMENT_H_
