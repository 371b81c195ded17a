#include "client/study_file/document.h"

#include <gtest/gtest.h>

#include "client/study_file/text_check.h"

namespace caviar::study_file {
namespace {

TEST(Document, KeepsLinesOrderAndQuotes) {
  const Document document = ReadDocument("b: 1\na:\n  - '2'\n  - |\n    3\n");
  ASSERT_NE(document.root, nullptr);
  ASSERT_EQ(document.root->entries.size(), 2u);
  EXPECT_EQ(document.root->entries[0].key, "b");
  EXPECT_EQ(document.root->entries[1].line, 2);
  const Node& list = *document.root->entries[1].value;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_TRUE(list.items[0]->quoted);
  EXPECT_EQ(list.items[0]->line, 3);
  EXPECT_TRUE(list.items[1]->quoted);
  EXPECT_FALSE(document.root->entries[0].value->quoted);
}

TEST(Document, AQuotedMergeKeyIsAKey) {
  const Document document = ReadDocument("'<<': {a: 1}\nb: {c: 2}\n");
  ASSERT_NE(document.root, nullptr);
  EXPECT_EQ(document.root->entries[0].key, "<<");
}

TEST(Document, AMergeKeyWithAMappingInPlaceIsMerged) {
  const Document document = ReadDocument("x:\n  <<: {a: 1, b: {c: 2}}\n  b: 3\n");
  ASSERT_NE(document.root, nullptr);
  const Node& x = *document.root->entries[0].value;
  ASSERT_EQ(x.entries.size(), 2u);
  EXPECT_EQ(x.entries[0].value->text, "3");
  EXPECT_EQ(x.entries[1].key, "a");
}

TEST(Document, WindowsLineEndsAndAByteOrderMarkAreFine) {
  const Document document = ReadDocument(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  ASSERT_NE(document.root, nullptr);
  EXPECT_EQ(document.root->entries[0].key, "a");
  EXPECT_EQ(document.root->entries[1].line, 2);
  EXPECT_EQ(document.root->entries[1].value->text, "2");
}

TEST(TextCheck, OnlyUtf8IsText) {
  for (const char* good : {"", "ascii\n\t\r", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x9F"}) {
    EXPECT_FALSE(FindBadText(good)) << good;
  }
  // Cut off, overlong, a surrogate, beyond the last character, a continuation alone.
  for (const char* bad : {"\xC3", "\xE2\x82", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\x80", "\xFF", "\x1B[0m", "\x7F"}) {
    EXPECT_TRUE(FindBadText(bad)) << bad;
  }
  EXPECT_TRUE(FindBadText(absl::string_view("\0", 1)));
  EXPECT_EQ(FindBadText("a\nb\n\xFF")->line, 3);
}

}  // namespace
}  // namespace caviar::study_file
