#include "gateway/proofs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class ProofsTest : public testing::Test {
 protected:
  ProofsTest() {
    models_.resize(2);
    models_[0].model = "sees";
    models_[0].state = wire::ModelStage::kReady;
    models_[0].vision = true;
    models_[1].model = "loads";
    models_[1].state = wire::ModelStage::kLoading;
  }
  std::string wrong() {
    return unproven(proofs_.of(models_), now_, seconds(60)).value_or("nothing");
  }
  void proves(const std::string& modality, bool passed = true) {
    proofs_.add({"sees", modality, passed, "a probe", "it said blue"}, now_);
  }
  std::vector<wire::ModelInfo> models_;
  Proofs proofs_;
  Instant now_ = Instant() + std::chrono::hours(1);
};

TEST_F(ProofsTest, EachModalityOfEachReadyModelIsProven) {
  EXPECT_EQ(wrong(), "'sees' in text has not been proven to work yet");
  proves("text");
  EXPECT_THAT(wrong(), HasSubstr("'sees' in vision"));
  proves("vision");
  EXPECT_EQ(wrong(), "nothing") << "a model that loads is asked for nothing";
  EXPECT_EQ(proofs_.of(models_).size(), 2u);
}

TEST_F(ProofsTest, AProofGrowsOld) {
  proves("text");
  proves("vision");
  now_ += seconds(60);
  EXPECT_EQ(wrong(), "nothing");
  proves("vision");
  now_ += seconds(1);
  EXPECT_EQ(wrong(), "'sees' in text was last proven to work 61 s ago; the limit is 60 s");
}

TEST_F(ProofsTest, TogetherTheyAreAsOldAsTheOldest) {
  const Instant first = now_;
  proves("text");
  now_ += seconds(5);
  proves("vision");
  EXPECT_EQ(oldest(proofs_.of(models_)), first);
}

TEST_F(ProofsTest, AFailureIsNoProofAndTakesNoneBack) {
  proves("text");
  proves("vision");
  now_ += seconds(30);
  proves("vision", false);
  EXPECT_EQ(wrong(), "nothing");
  now_ += seconds(31);
  proves("text");
  EXPECT_THAT(wrong(), HasSubstr("since then: it said blue"));
}

}  // namespace
}  // namespace sanctum::gateway
