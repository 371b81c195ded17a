#include "worker/training/command/substitution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace caviar::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SubstitutionTest : public testing::Test {
 protected:
  SubstitutionTest() {
    study_.add_parameters()->set_name("learning_rate");
    study_.add_parameters()->set_name("momentum");  // inactive
    study_.add_parameters()->set_name("opt.name");
  }
  // "(nothing)", or the error.
  std::string Replace(const std::string& text) const {
    const auto replaced = substitution_.Replace(text);
    if (!replaced.ok()) return std::string(replaced.status().message());
    return replaced->value_or("(nothing)");
  }
  std::vector<std::string> Run(const std::vector<std::string>& run) {
    command_.clear_run();
    for (const std::string& argument : run) command_.add_run(argument);
    const auto arguments = substitution_.Run(command_);
    return arguments.ok() ? *arguments
                          : std::vector<std::string>{std::string(arguments.status().message())};
  }

  v1::Study study_;
  v1::Command command_;
  std::vector<Parameter> active_ = {{"learning_rate", "0.1", "0.1"}, {"opt.name", "a$", "\"a$\""}};
  Substitution substitution_{
      study_, active_, {{"output_dir", "/out"}, {"trial", "3"}, {"parameters_file", "/p.json"}}};
};

TEST_F(SubstitutionTest, NamesStandForTheirValues) {
  EXPECT_EQ(Replace("--lr=${learning_rate}"), "--lr=0.1");
  EXPECT_EQ(Replace("${output_dir}/${trial}.log"), "/out/3.log");
  EXPECT_EQ(Replace("$learning_rate {trial} $"), "$learning_rate {trial} $");
  EXPECT_EQ(Replace("$${trial} ${trial}"), "${trial} 3");
  EXPECT_EQ(Replace("${opt.name}${trial}"), "a$3");
}

TEST_F(SubstitutionTest, AParameterHidesAPlace) {
  active_.push_back({"trial", "mine", "\"mine\""});
  EXPECT_EQ(Replace("${trial}"), "mine");
}

TEST_F(SubstitutionTest, AnUnknownNameIsAnswered) {
  EXPECT_THAT(Replace("${learning_rat}"), HasSubstr("did you mean ${learning_rate}?"));
  EXPECT_THAT(Replace("${output_dri}"), HasSubstr("did you mean ${output_dir}?"));
  EXPECT_THAT(Replace("${HOME}"), HasSubstr("write $${"));
  EXPECT_THAT(Replace("${trial"), HasSubstr("has no closing }"));
  EXPECT_THAT(Replace("x${args}"), HasSubstr("an argument of its own"));
}

TEST_F(SubstitutionTest, AnArgumentWithAnInactiveParameterIsLeftOut) {
  EXPECT_EQ(Replace("--m=${momentum}"), "(nothing)");
  EXPECT_THAT(Run({"prog", "--m=${momentum}", "x"}), ElementsAre("prog", "x"));
}

TEST_F(SubstitutionTest, ArgsAreAllParametersInTheStudysForm) {
  EXPECT_THAT(Run({"prog", "${args}", "x"}),
              ElementsAre("prog", "--learning_rate=0.1", "--opt.name=a$", "x"));
  command_.set_arguments(v1::Command::HYDRA);
  EXPECT_THAT(Run({"prog", "${args}"}), ElementsAre("prog", "learning_rate=0.1", "opt.name=a$"));
  command_.set_arguments(v1::Command::JSON);
  EXPECT_THAT(Run({"prog", "${args}"}), ElementsAre("prog", "/p.json"));
  command_.set_arguments(v1::Command::NONE);
  EXPECT_THAT(Run({"prog", "${args}"}), ElementsAre(HasSubstr("arguments is none")));
  EXPECT_THAT(Run({}), ElementsAre(HasSubstr("names no program")));
}

}  // namespace
}  // namespace caviar::command
