#include "supervisor/supervision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::supervisor {
namespace {

using testing::HasSubstr;

class SupervisionTest : public testing::Test {
 protected:
  SupervisionTest() {
    facts_.pid = facts_.unit_pid = 77;
    facts_.parent = 1;
    facts_.arguments = {"/opt/sanctum", "serve"};
    facts_.manager_answers = facts_.enabled = true;
    facts_.unit_path = "/etc/systemd/system/sanctum.service";
    facts_.unit.emplace();
    facts_.unit->arguments = facts_.arguments;
    facts_.unit->restarts = facts_.unit->starts_at_boot = true;
  }
  std::string wrong() const {
    const Verdict verdict = judge(facts_);
    std::string all;
    for (const auto& finding : verdict.findings) {
      if (!finding.fine) all += finding.what + " -> " + finding.advice + "\n";
    }
    EXPECT_EQ(verdict.supervised, all.empty());
    return all;
  }
  SupervisionFacts facts_;
};

TEST_F(SupervisionTest, OneThatIsKeptByItsUnitIsSupervised) {
  EXPECT_EQ(wrong(), "");
  EXPECT_EQ(judge(facts_).summary, "process 77 is supervised");
}

// Three days with PPID 1 and no unit file.
TEST_F(SupervisionTest, AnOrphanWithoutAUnitIsACoincidence) {
  facts_.unit.reset();
  facts_.unit_pid = 0;
  facts_.enabled = false;
  EXPECT_THAT(judge(facts_).summary, HasSubstr("by coincidence"));
  EXPECT_THAT(wrong(), HasSubstr("is missing"));
  EXPECT_THAT(wrong(), HasSubstr("its parent is process 1"));
}

TEST_F(SupervisionTest, AUnitThatStartsSomethingElseIsSeen) {
  facts_.unit->arguments.emplace_back("--queue=1");
  EXPECT_THAT(wrong(), HasSubstr("it starts something else"));
  EXPECT_THAT(judge(facts_).summary, HasSubstr("would not come back as it is"));
}

TEST_F(SupervisionTest, EachOmissionIsItsOwnFinding) {
  facts_.enabled = false;
  EXPECT_THAT(wrong(), HasSubstr("not enabled"));
  facts_.enabled = true;
  facts_.unit->restarts = false;
  EXPECT_THAT(wrong(), HasSubstr("does not restart"));
  facts_.unit->restarts = true;
  facts_.unit_pid = 78;
  EXPECT_THAT(wrong(), HasSubstr("kept by nobody"));
  facts_.unit_pid = 77;
  facts_.manager_answers = false;
  EXPECT_THAT(wrong(), HasSubstr("no service manager"));
}

TEST_F(SupervisionTest, NobodyThereIsNothingWrongWithIt) {
  facts_.pid = facts_.unit_pid = 0;
  EXPECT_EQ(judge(facts_).summary, "nothing serves this state directory");
}

}  // namespace
}  // namespace sanctum::supervisor
