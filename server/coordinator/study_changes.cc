#include "server/coordinator/study_changes.h"

#include <algorithm>
#include <array>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "caviar/v1/vocabulary.h"
#include "google/protobuf/descriptor.h"
#include "server/coordinator/messages.h"

namespace caviar::coordinator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// All else of a Study is its state, or the coordinator's own.
constexpr std::array kDefinition = {"description",
                                    "objective",
                                    "objectives",
                                    "constraints",
                                    "trainer",
                                    "metrics",
                                    "sampler",
                                    "pruner",
                                    "limits",
                                    "workers",
                                    "checkpoints",
                                    "repeats",
                                    "linear_constraints",
                                    "parameters",
                                    "trials",
                                    "warm_start"};

const FieldDescriptor* FieldOf(absl::string_view name) {
  return v1::Study::descriptor()->FindFieldByName(std::string(name));
}

// Messages that stand for one value.
bool IsLeaf(const google::protobuf::Descriptor* type) {
  return type == v1::Value::descriptor() || type == google::protobuf::Duration::descriptor() ||
         type == v1::ByteSize::descriptor();
}

// How a value is written: kPlain for people, so that "1" and 1 are the same, and so are ["a, b"]
// and
// ["a", "b"]; kExact so that what differs is written differently.
enum class Form { kPlain, kExact };

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

std::string ExactText(const v1::Value& value) {
  std::string text = vocabulary::FormatValue(value);
  if (value.has_string_value()) return Quoted(text);
  const bool is_plain = text.find_first_not_of("-0123456789") == std::string::npos;
  if (value.has_double_value() && is_plain) text += ".0";
  return text;
}

std::string LeafText(const Message& message, Form form) {
  if (const auto* value = dynamic_cast<const v1::Value*>(&message)) {
    return form == Form::kExact ? ExactText(*value) : vocabulary::FormatValue(*value);
  }
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    return absl::FormatDuration(FromMessage(*duration));
  }
  return absl::StrCat(dynamic_cast<const v1::ByteSize&>(message).bytes(), " bytes");
}

std::string DoubleText(double number) {
  v1::Value value;
  value.set_double_value(number);
  return vocabulary::FormatValue(value);
}

// One value: of a field that is not repeated, or the one at `index`.
std::string ValueText(const Message& message, const FieldDescriptor& field, Form form,
                      int index = -1) {
  const Reflection& reflect = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(one ? reflect.GetInt32(message, &field)
                              : reflect.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(one ? reflect.GetInt64(message, &field)
                              : reflect.GetRepeatedInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? reflect.GetUInt32(message, &field)
                              : reflect.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return DoubleText(one ? reflect.GetDouble(message, &field)
                            : reflect.GetRepeatedDouble(message, &field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? reflect.GetBool(message, &field)
                  : reflect.GetRepeatedBool(message, &field, index))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::AsciiStrToLower(
          (one ? reflect.GetEnum(message, &field) : reflect.GetRepeatedEnum(message, &field, index))
              ->name());
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = one ? reflect.GetString(message, &field)
                             : reflect.GetRepeatedString(message, &field, index);
      return form == Form::kExact ? Quoted(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return LeafText(one ? reflect.GetMessage(message, &field)
                          : reflect.GetRepeatedMessage(message, &field, index),
                      form);
    default:
      return "?";
  }
}

std::string ListText(const Message& message, const FieldDescriptor& field, Form form) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  if (size == 0) return "";
  std::vector<std::string> texts;
  for (int i = 0; i < size; ++i) texts.push_back(ValueText(message, field, form, i));
  return absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
}

// Both forms of what stands there; both "" where nothing does.
struct Texts {
  std::string plain, exact;
};

template <typename Write>
Texts InBothForms(Write write) {
  return {write(Form::kPlain), write(Form::kExact)};
}

Texts Plain(std::string text) { return {text, std::move(text)}; }

class Comparison {
 public:
  std::vector<v1::FieldChange> Run(const v1::Study& before, const v1::Study& after) && {
    for (const char* name : kDefinition) Field(before, after, *FieldOf(name), name);
    return std::move(changes_);
  }

 private:
  void Note(const std::string& path, const Texts& before, const Texts& after) {
    if (before.exact == after.exact) return;
    const bool look_the_same = before.plain == after.plain;
    v1::FieldChange& change = changes_.emplace_back();
    change.set_field(path);
    change.set_before(look_the_same ? before.exact : before.plain);
    change.set_after(look_the_same ? after.exact : after.plain);
  }
  void Note(const std::string& path, const std::string& before, const std::string& after) {
    Note(path, Plain(before), Plain(after));
  }

  void Field(const Message& before, const Message& after, const FieldDescriptor& field,
             const std::string& path) {
    if (field.is_map()) return Entries(before, after, field, path);
    const bool message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (field.is_repeated()) {
      if (!message || IsLeaf(field.message_type())) {
        const auto text = [&field](const Message& message) {
          return InBothForms([&](Form form) { return ListText(message, field, form); });
        };
        return Note(path, text(before), text(after));
      }
      return Items(before, after, field, path);
    }
    const Reflection& reflect = *before.GetReflection();
    const bool was = reflect.HasField(before, &field), is = reflect.HasField(after, &field);
    if (!was && !is) return;
    if (!message || IsLeaf(field.message_type())) {
      const auto text = [&field](const Message& message) {
        return InBothForms([&](Form form) { return ValueText(message, field, form); });
      };
      return Note(path, was ? text(before) : Texts(), is ? text(after) : Texts());
    }
    const size_t noted = changes_.size();
    Fields(reflect.GetMessage(before, &field), reflect.GetMessage(after, &field), path);
    if (was != is && changes_.size() == noted) Note(path, was ? "given" : "", is ? "given" : "");
  }

  void Fields(const Message& before, const Message& after, const std::string& path) {
    const google::protobuf::Descriptor& type = *before.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      Field(before, after, field, absl::StrCat(path, ".", field.name()));
    }
  }

  // Parameters go by name, all else by place.
  void Items(const Message& before, const Message& after, const FieldDescriptor& field,
             const std::string& path) {
    const auto list = [&field](const Message& message) {
      std::vector<std::pair<std::string, const Message*>> items;
      const Reflection& reflect = *message.GetReflection();
      for (int i = 0; i < reflect.FieldSize(message, &field); ++i) {
        const Message& item = reflect.GetRepeatedMessage(message, &field, i);
        const auto* parameter = dynamic_cast<const v1::Parameter*>(&item);
        items.emplace_back(
            parameter != nullptr ? absl::StrCat(".", parameter->name()) : absl::StrCat("[", i, "]"),
            &item);
      }
      return items;
    };
    const auto old = list(before), now = list(after);
    Compare({old.begin(), old.end()}, {now.begin(), now.end()}, path);
    const auto names = [](const auto& items) {
      return absl::StrCat("[",
                          absl::StrJoin(items, ", ",
                                        [](std::string* out, const auto& item) {
                                          absl::StrAppend(out, absl::StripPrefix(item.first, "."));
                                        }),
                          "]");
    };
    // Their order is the dimensions'.
    if (old.size() == now.size()) Note(path, names(old), names(now));
  }

  void Compare(const std::map<std::string, const Message*>& before,
               const std::map<std::string, const Message*>& after, const std::string& path) {
    for (const auto& [key, item] : before) {
      const auto other = after.find(key);
      if (other == after.end()) {
        Note(path + key, "given", "");
      } else {
        Fields(*item, *other->second, path + key);
      }
    }
    for (const auto& [key, item] : after) {
      if (!before.contains(key)) Note(path + key, "", "given");
    }
  }

  // Of texts, or of values that stand for one.
  void Entries(const Message& before, const Message& after, const FieldDescriptor& field,
               const std::string& path) {
    const FieldDescriptor& key = *field.message_type()->map_key();
    const FieldDescriptor& value = *field.message_type()->map_value();
    const auto list = [&](const Message& message) {
      std::map<std::string, Texts> entries;
      const Reflection& reflect = *message.GetReflection();
      for (int i = 0; i < reflect.FieldSize(message, &field); ++i) {
        const Message& entry = reflect.GetRepeatedMessage(message, &field, i);
        entries[ValueText(entry, key, Form::kPlain)] =
            InBothForms([&](Form form) { return ValueText(entry, value, form); });
      }
      return entries;
    };
    const auto old = list(before), now = list(after);
    for (const auto& [name, text] : old) {
      const auto other = now.find(name);
      Note(absl::StrCat(path, ".", name), text, other == now.end() ? Texts() : other->second);
    }
    for (const auto& [name, text] : now) {
      if (!old.contains(name)) Note(absl::StrCat(path, ".", name), Texts(), text);
    }
  }

  std::vector<v1::FieldChange> changes_;
};

}  // namespace

v1::Study TakeOver(const v1::Study& now, const v1::Study& asked) {
  v1::Study next = now;
  for (const char* name : kDefinition) {
    const FieldDescriptor& field = *FieldOf(name);
    next.GetReflection()->ClearField(&next, &field);
  }
  v1::Study definition = asked;
  std::vector<const FieldDescriptor*> set;
  asked.GetReflection()->ListFields(asked, &set);
  for (const FieldDescriptor* field : set) {
    const bool taken =
        std::find(kDefinition.begin(), kDefinition.end(), field->name()) != kDefinition.end();
    if (!taken) definition.GetReflection()->ClearField(&definition, field);
  }
  next.MergeFrom(definition);
  if (!next.sampler().has_seed() && now.sampler().has_seed()) {
    next.mutable_sampler()->set_seed(now.sampler().seed());
  }
  return next;
}

std::vector<v1::FieldChange> CompareDefinitions(const v1::Study& before, const v1::Study& after) {
  return Comparison().Run(before, after);
}

bool MayChange(absl::string_view field) {
  for (const absl::string_view whole : {"description", "sampler.algorithm", "objective.target"}) {
    if (field == whole) return true;
  }
  for (const absl::string_view part :
       {"limits", "pruner", "workers", "trainer.command.resources"}) {
    if (field == part || absl::StartsWith(field, absl::StrCat(part, "."))) return true;
  }
  return false;
}

}  // namespace caviar::coordinator
