#include "client/study_file/document.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/study_file/text_check.h"
#include "yaml-cpp/eventhandler.h"

namespace caviar::study_file {
namespace {

constexpr absl::string_view kYamlTags = "tag:yaml.org,2002:";

// Thrown through the YAML parser to stop it; caught in ReadDocument.
struct Refusal {
  int line;
  std::string what;
};

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Document& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(NewNode(mark, Node::Kind::kNull, anchor));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{mark.line + 1, "an alias to nothing"};
    for (const Open& open : open_) {
      if (open.node == found->second) {
        throw Refusal{mark.line + 1, "an alias to something that contains it"};
      }
    }
    Add(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node* node = NewNode(mark, Node::Kind::kScalar, anchor);
    node->text = value;
    const absl::string_view kind = tag;
    if (kind == "!" || kind == absl::StrCat(kYamlTags, "str")) {
      node->quoted = true;
    } else if (kind != "?" && !kind.empty()) {
      RefuseUnknownTag(mark, kind, {"int", "float", "bool", "null"});
    }
    Add(node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (tag != "?" && !tag.empty()) RefuseUnknownTag(mark, tag, {"seq"});
    open_.push_back(Open{NewNode(mark, Node::Kind::kSequence, anchor)});
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (tag != "?" && !tag.empty()) RefuseUnknownTag(mark, tag, {"map"});
    open_.push_back(Open{NewNode(mark, Node::Kind::kMapping, anchor)});
  }
  void OnMapEnd() override {
    Merge(open_.back());
    Close();
  }

 private:
  // A sequence or mapping whose end was not seen yet.
  struct Open {
    explicit Open(Node* opened) : node(opened) {}
    Node* node;
    std::optional<Node::Entry> key;                   // its value comes next
    bool key_is_merge = false;                        // it is <<
    std::map<std::string, int> lines;                 // of the keys so far
    std::vector<std::pair<int, const Node*>> merges;  // line and value of its << keys
  };

  static void RefuseUnknownTag(const YAML::Mark& mark, absl::string_view tag,
                               const std::set<std::string>& known) {
    for (const std::string& name : known) {
      if (tag == absl::StrCat(kYamlTags, name)) return;
    }
    throw Refusal{mark.line + 1,
                  absl::StrCat("the tag \"", tag, "\" has no meaning here; leave it out")};
  }

  Node* NewNode(const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor) {
    if (document_.nodes.size() >= kMaxNodes) {
      throw Refusal{mark.line + 1, absl::StrCat("more than ", kMaxNodes, " YAML nodes")};
    }
    Node& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    if (anchor != 0) anchors_[anchor] = &node;
    return &node;
  }

  void Add(const Node* node) {
    if (open_.empty()) {
      document_.root = node;
      return;
    }
    Open& open = open_.back();
    Grow(open, *node);
    if (open.node->kind == Node::Kind::kSequence) {
      open.node->items.push_back(node);
    } else if (!open.key) {
      if (node->kind != Node::Kind::kScalar) {
        throw Refusal{node->line, "a key that is not a word"};
      }
      open.key = Node::Entry{node->text, node->line, nullptr};
      open.key_is_merge = node->text == "<<" && !node->quoted;
    } else {
      AddEntry(open, *node);
    }
  }

  void AddEntry(Open& open, const Node& value) {
    Node::Entry entry = *std::exchange(open.key, std::nullopt);
    entry.value = &value;
    if (open.key_is_merge) {
      open.merges.emplace_back(entry.line, &value);
      return;
    }
    const auto [first, is_new] = open.lines.emplace(entry.key, entry.line);
    if (is_new) {
      open.node->entries.push_back(std::move(entry));
    } else {
      document_.problems.push_back(
          Problem{entry.line, PathOf(entry.key),
                  absl::StrCat("stands here and on line ", first->second, "; keep one of them")});
    }
  }

  // The path of a key of the innermost open mapping.
  std::string PathOf(const std::string& key) const {
    std::string path;
    for (const Open& open : open_) {
      if (open.key) absl::StrAppend(&path, open.key->key, ".");
    }
    return path + key;
  }

  void Grow(Open& open, const Node& child) {
    open.node->size += child.size;
    if (open.node->size > kMaxNodes) {
      throw Refusal{child.line, absl::StrCat("more than ", kMaxNodes,
                                             " YAML nodes once its aliases are expanded")};
    }
  }

  // YAML's merge key: entries of other mappings, where there is none of that name.
  void Merge(Open& open) {
    for (const auto& [line, value] : open.merges) {
      const std::vector<const Node*> sources =
          value->kind == Node::Kind::kSequence ? value->items : std::vector<const Node*>{value};
      for (const Node* source : sources) {
        if (source->kind != Node::Kind::kMapping) {
          throw Refusal{line, "<< merges mappings: an alias to one, or a list of such"};
        }
        for (const Node::Entry& entry : source->entries) {
          if (!open.lines.emplace(entry.key, entry.line).second) continue;
          open.node->entries.push_back(entry);
        }
      }
    }
  }

  void Close() {
    const Node* node = open_.back().node;
    open_.pop_back();
    Add(node);
  }

  Document& document_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, const Node*> anchors_;
};

// The parser takes the end of the file for a closing quote, if it stands behind a line end. Without
// the line end it throws.
void RefuseOpenQuote(absl::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  if (last == absl::string_view::npos) return;
  Document scratch;
  Builder builder(scratch);
  std::istringstream stream{std::string(text.substr(0, last + 1))};
  YAML::Parser(stream).HandleNextDocument(builder);
}

// The line of that number, from 1.
absl::string_view LineOf(absl::string_view text, int number) {
  for (; number > 1 && !text.empty(); --number) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return text.substr(0, text.find('\n'));
}

std::string Explain(const YAML::Exception& error, absl::string_view text) {
  const absl::string_view what = error.msg;
  if (what == "illegal EOF in scalar") return "not YAML: a quote is opened and never closed";
  const bool placeholder = absl::StrContains(LineOf(text, error.mark.line + 1), "${");
  return absl::StrCat("not YAML: ", what,
                      placeholder ? "; in a list ${...} needs quotes: [\"${args}\"]" : "");
}

}  // namespace

Document ReadDocument(absl::string_view text) {
  Document document;
  const auto refuse = [&](int line, std::string what) {
    document.root = nullptr;
    document.problems.push_back(Problem{std::max(line, 1), "", std::move(what)});
  };
  if (text.size() > kMaxBytes) {
    refuse(1, absl::StrCat("has ", text.size(), " bytes; a study file has at most ", kMaxBytes));
    return document;
  }
  if (const auto bad = FindBadText(text)) {
    refuse(bad->line, bad->what);
    return document;
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(document);
    if (!parser.HandleNextDocument(builder) || document.root == nullptr ||
        document.root->kind == Node::Kind::kNull) {
      refuse(1, "is empty; `caviar study init --preset batch-norm-mlp` writes one to start from");
      return document;
    }
    RefuseOpenQuote(text);
    Document second;
    Builder next(second);
    if (parser.HandleNextDocument(next)) {
      const int line = second.root == nullptr ? 1 : second.root->line;
      refuse(line, "a second YAML document; a file holds one study");
    }
  } catch (const Refusal& refusal) {
    refuse(refusal.line, refusal.what);
  } catch (const YAML::Exception& error) {
    refuse(error.mark.line + 1, Explain(error, text));
  }
  return document;
}

}  // namespace caviar::study_file
