#include "client/archive/ignore_rules.h"

#include <gtest/gtest.h>

namespace caviar::archive {
namespace {

bool Ignores(const std::string& text, const std::string& path, bool is_folder = false) {
  return IgnoreRules(text).Ignores(path, is_folder);
}

TEST(IgnoreRules, NothingIsIgnoredWithoutRules) {
  EXPECT_FALSE(Ignores("", "data"));
  EXPECT_FALSE(Ignores("# data\n\n   \n", "data"));
}

TEST(IgnoreRules, ANameMatchesAnywhere) {
  EXPECT_TRUE(Ignores("data", "data"));
  EXPECT_TRUE(Ignores("data", "src/data"));
  EXPECT_TRUE(Ignores("*.bin", "a/b/c.bin"));
  EXPECT_FALSE(Ignores("data", "data2"));
  EXPECT_FALSE(Ignores("*.bin", "c.bin.txt"));
  EXPECT_TRUE(Ignores("file[0-9].?", "x/file7.c"));
}

TEST(IgnoreRules, ASlashTiesAPatternToItsFolder) {
  EXPECT_TRUE(Ignores("/data", "data"));
  EXPECT_FALSE(Ignores("/data", "src/data"));
  EXPECT_TRUE(Ignores("src/data", "src/data"));
  EXPECT_FALSE(Ignores("src/data", "x/src/data"));
  EXPECT_FALSE(Ignores("src/*", "src/a/b"));
}

TEST(IgnoreRules, ASlashAtTheEndMeansFolders) {
  EXPECT_TRUE(Ignores("data/", "data", /*is_folder=*/true));
  EXPECT_TRUE(Ignores("data/", "src/data", /*is_folder=*/true));
  EXPECT_FALSE(Ignores("data/", "data", /*is_folder=*/false));
}

TEST(IgnoreRules, TwoStarsCrossFolders) {
  EXPECT_TRUE(Ignores("**/logs", "a/b/logs"));
  EXPECT_TRUE(Ignores("a/**/z", "a/z"));
  EXPECT_TRUE(Ignores("a/**/z", "a/b/c/z"));
  EXPECT_TRUE(Ignores("a/**", "a/b"));
  EXPECT_FALSE(Ignores("a/**", "a", /*is_folder=*/true));
  EXPECT_FALSE(Ignores("a/**/z", "b/z"));
}

TEST(IgnoreRules, TheLastPatternThatMatchesDecides) {
  EXPECT_FALSE(Ignores("*.bin\n!keep.bin", "keep.bin"));
  EXPECT_TRUE(Ignores("!keep.bin\n*.bin", "keep.bin"));
}

TEST(IgnoreRules, ABackslashAndSpacesAreAsInGit) {
  EXPECT_TRUE(Ignores("\\#a", "#a"));
  EXPECT_TRUE(Ignores("\\!a", "!a"));
  EXPECT_TRUE(Ignores("a  ", "a"));
  EXPECT_TRUE(Ignores("a\\ ", "a "));
  EXPECT_TRUE(Ignores("a\r\nb\r\n", "b"));
}

}  // namespace
}  // namespace caviar::archive
