#include "hub/failure_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::hub {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Fetched answer(int status, const std::string& code = {}, const std::string& words = {}) {
  Fetched fetched;
  fetched.end = FetchEnd::kAnswered;
  fetched.head.status = status;
  fetched.head.error_code = code;
  fetched.head.error_message = words;
  return fetched;
}

std::string told(const Fetched& fetched, bool with_token = false, const std::string& file = {}) {
  return failure_of(fetched, {"https://hub", "org/name", "v2", file, with_token}).what();
}

TEST(FailureWords, AGatedModelSaysWhereItsTermsAre) {
  EXPECT_THAT(told(answer(401, "GatedRepo")),
              AllOf(HasSubstr("gated"), HasSubstr("https://hub/org/name"), HasSubstr("HF_TOKEN")));
  EXPECT_THAT(told(answer(403, "GatedRepo"), true),
              AllOf(HasSubstr("has not been let in"), HasSubstr("https://hub/org/name")));
}

// A proxy's, too.
TEST(FailureWords, OnlyTheHubSaysThatAModelIsGated) {
  EXPECT_THAT(told(answer(403)), AllOf(HasSubstr("answers 403"), HasSubstr("a proxy is in the way"),
                                       Not(HasSubstr("gated"))));
}

TEST(FailureWords, WhatIsNotThereMayBePrivate) {
  EXPECT_THAT(told(answer(401)), AllOf(HasSubstr("is the name right"), HasSubstr("HF_TOKEN")));
  EXPECT_THAT(told(answer(401), true), HasSubstr("does not take the token"));
  EXPECT_THAT(told(answer(404, "RepoNotFound")), HasSubstr("there is no 'org/name'"));
  EXPECT_THAT(told(answer(404, "RevisionNotFound")), HasSubstr("'org/name' has no revision 'v2'"));
  EXPECT_THAT(told(answer(404), false, "a.json"), HasSubstr("lists a.json"));
}

TEST(FailureWords, AStrangersWordsAreOneLine) {
  EXPECT_THAT(told(answer(400, "", "a\x1b[2J\nb")),
              AllOf(HasSubstr("a?[2J?b"), Not(HasSubstr("\n")), Not(HasSubstr("\x1b"))));
}

// It was told as a gated model, or a bad token: neither is the store's to say.
TEST(FailureWords, WhatTheStoreAnswersIsTheStores) {
  for (const int status : {401, 403, 404}) {
    Fetched fetched = answer(status, "GatedRepo");
    fetched.led_to = "http://cdn:8";
    fetched.from_store = true;
    EXPECT_THAT(told(fetched, true, "a.bin"),
                AllOf(HasSubstr("cdn:8, the store to which https://hub sends us"),
                      HasSubstr("answers " + std::to_string(status) + " for a.bin"),
                      Not(HasSubstr("gated")), Not(HasSubstr("token"))));
    EXPECT_TRUE(may_be_tried_again(fetched)) << "the hub has another address for it";
  }
  Fetched fetched;
  fetched.end = FetchEnd::kUnreachable;
  fetched.led_to = "http://cdn:8";
  fetched.from_store = true;
  fetched.why = "refused";
  EXPECT_THAT(told(fetched), HasSubstr("cannot reach http://cdn:8, the store to which"));
}

// It was told as a token that is not taken: nobody had been sent one.
TEST(FailureWords, WhoWasNotToldTheTokenDidNotRefuseIt) {
  for (const int status : {401, 403}) {
    Fetched fetched = answer(status, "GatedRepo");
    fetched.led_to = "https://moved";
    EXPECT_THAT(told(fetched, true),
                AllOf(HasSubstr("https://moved, to which https://hub sends us, answers " +
                                std::to_string(status) + " for the list of 'org/name'"),
                      HasSubstr("asked without the token"), Not(HasSubstr("gated"))));
    EXPECT_THAT(told(fetched), HasSubstr("gated")) << "without one it speaks for the hub";
    EXPECT_FALSE(may_be_tried_again(fetched));
  }
}

TEST(FailureWords, BusyAndBrokenAreTriedAgain) {
  for (const int status : {408, 429, 500, 502, 503})
    EXPECT_TRUE(may_be_tried_again(answer(status))) << status;
  for (const int status : {400, 401, 403, 404, 410})
    EXPECT_FALSE(may_be_tried_again(answer(status))) << status;
  Fetched fetched;
  fetched.end = FetchEnd::kBroken;
  EXPECT_TRUE(may_be_tried_again(fetched));
  fetched.end = FetchEnd::kRefused;
  EXPECT_FALSE(may_be_tried_again(fetched));
}

}  // namespace
}  // namespace sanctum::hub
