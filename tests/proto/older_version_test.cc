// Clients and workers of the version before: what they send and what they understand, by the
// descriptors and the bytes that were kept of it (tests/proto/older). A field that was there is
// there with its number and its type; what is new they pass over.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/backup_service.pb.h"
#include "caviar/v1/batch_norm_network_parameters.pb.h"
#include "caviar/v1/request.pb.h"
#include "caviar/v1/server_service.pb.h"
#include "caviar/v1/study_service.pb.h"
#include "caviar/v1/verification_service.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"

namespace caviar {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Text(const Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

class OlderVersion : public ::testing::Test {
 protected:
  void SetUp() override {
    // So that their files are linked, and known to the pool.
    for (const Descriptor* one :
         {v1::GetStudyRequest::descriptor(), v1::RegisterWorkerRequest::descriptor(),
          v1::ServerStatus::descriptor(), v1::VerifyStudyRequest::descriptor(),
          v1::BackUpRequest::descriptor(), v1::RpcStatus::descriptor(),
          v1::BatchNormNetworkParameters::descriptor()}) {
      ASSERT_NE(one, nullptr);
    }
    std::ifstream stream(OLDER_VERSION "/descriptors-1.bin", std::ios::binary);
    ASSERT_TRUE(files_.ParseFromIstream(&stream));
    for (const auto& file : files_.file()) ASSERT_NE(older_.BuildFile(file), nullptr);
    std::ifstream lines(OLDER_VERSION "/messages-1.txt");
    for (std::string line; std::getline(lines, line);) {
      if (absl::StartsWith(line, "#")) continue;
      std::istringstream words(line);
      std::string name, hex;
      words >> name >> hex;
      messages_.emplace_back(absl::StrCat("caviar.v1.", name), absl::HexStringToBytes(hex));
    }
    ASSERT_GT(messages_.size(), 20u);
  }

  static const Descriptor* Now(const std::string& name) {
    return DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  }

  // A message of the version before, or of now.
  std::unique_ptr<Message> Parse(const Descriptor* type, const std::string& bytes) {
    auto message = std::unique_ptr<Message>(factory_.GetPrototype(type)->New());
    EXPECT_TRUE(message->ParseFromString(bytes)) << type->full_name();
    return message;
  }

  void ExpectSameEnum(const EnumDescriptor& before) {
    const EnumDescriptor* now =
        DescriptorPool::generated_pool()->FindEnumTypeByName(before.full_name());
    ASSERT_NE(now, nullptr) << before.full_name();
    for (int i = 0; i < before.value_count(); ++i) {
      const auto* value = now->FindValueByNumber(before.value(i)->number());
      ASSERT_NE(value, nullptr) << before.value(i)->full_name();
      EXPECT_EQ(value->name(), before.value(i)->name());
    }
  }

  void ExpectSameField(const FieldDescriptor& before, const Descriptor& message) {
    const FieldDescriptor* now = message.FindFieldByNumber(before.number());
    ASSERT_NE(now, nullptr) << before.full_name();
    EXPECT_EQ(now->name(), before.name()) << before.full_name();
    EXPECT_EQ(now->type(), before.type()) << before.full_name();
    EXPECT_EQ(now->is_repeated(), before.is_repeated()) << before.full_name();
    EXPECT_EQ(now->has_presence(), before.has_presence()) << before.full_name();
    if (before.message_type() != nullptr) {
      EXPECT_EQ(now->message_type()->full_name(), before.message_type()->full_name());
    }
    if (before.enum_type() != nullptr) {
      EXPECT_EQ(now->enum_type()->full_name(), before.enum_type()->full_name());
    }
  }

  void ExpectSameMessage(const Descriptor& before) {
    if (before.options().map_entry()) return;
    const Descriptor* now = Now(before.full_name());
    ASSERT_NE(now, nullptr) << before.full_name();
    for (int i = 0; i < before.field_count(); ++i) ExpectSameField(*before.field(i), *now);
    for (int i = 0; i < before.enum_type_count(); ++i) ExpectSameEnum(*before.enum_type(i));
    for (int i = 0; i < before.nested_type_count(); ++i) ExpectSameMessage(*before.nested_type(i));
  }

  google::protobuf::FileDescriptorSet files_;
  DescriptorPool older_;
  google::protobuf::DynamicMessageFactory factory_;
  std::vector<std::pair<std::string, std::string>> messages_;  // name, bytes
};

TEST_F(OlderVersion, HasItsFieldsWithTheirNumbersAndTypes) {
  for (const auto& file : files_.file()) {
    if (!absl::StartsWith(file.name(), "caviar/")) continue;
    const auto* before = older_.FindFileByName(file.name());
    for (int i = 0; i < before->message_type_count(); ++i) {
      ASSERT_NO_FATAL_FAILURE(ExpectSameMessage(*before->message_type(i)));
    }
    for (int i = 0; i < before->enum_type_count(); ++i) {
      ASSERT_NO_FATAL_FAILURE(ExpectSameEnum(*before->enum_type(i)));
    }
  }
}

TEST_F(OlderVersion, HasItsCalls) {
  for (const auto& file : files_.file()) {
    const auto* before = older_.FindFileByName(file.name());
    for (int i = 0; i < before->service_count(); ++i) {
      const auto& service = *before->service(i);
      const auto* now = DescriptorPool::generated_pool()->FindServiceByName(service.full_name());
      ASSERT_NE(now, nullptr) << service.full_name();
      for (int j = 0; j < service.method_count(); ++j) {
        const auto& method = *service.method(j);
        const auto* same = now->FindMethodByName(method.name());
        ASSERT_NE(same, nullptr) << method.full_name();
        EXPECT_EQ(same->input_type()->full_name(), method.input_type()->full_name());
        EXPECT_EQ(same->output_type()->full_name(), method.output_type()->full_name());
        EXPECT_EQ(same->server_streaming(), method.server_streaming());
      }
    }
  }
}

TEST_F(OlderVersion, WhatItSentIsReadAsItWasMeant) {
  for (const auto& [name, bytes] : messages_) {
    const auto before = Parse(older_.FindMessageTypeByName(name), bytes);
    const auto now = Parse(Now(name), bytes);
    EXPECT_EQ(Text(*now), Text(*before)) << name;
  }
}

TEST_F(OlderVersion, ReadsWhatIsSentToItNowAndPassesOverTheRest) {
  v1::Study study;
  for (const auto& [name, bytes] : messages_) {
    if (name == "caviar.v1.Study") study.ParseFromString(bytes);
  }
  const std::string known = Text(study);
  ASSERT_NE(known, "");
  study.set_revision(3);
  study.mutable_revision_time()->set_seconds(1'700'000'000);
  auto before = Parse(older_.FindMessageTypeByName("caviar.v1.Study"), study.SerializeAsString());
  before->DiscardUnknownFields();
  EXPECT_EQ(Text(*before), known);
}

}  // namespace
}  // namespace caviar
