#include "serve/greeting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Greeting, SaysWhatWhereAndHowToGoOn) {
  const auto text = greeting(
      {"1.2.3", {"qwen", "tiny"}, "http://127.0.0.1:1338 https://127.0.0.1:1337", "/s/certs"});
  EXPECT_THAT(text, HasSubstr("Sanctum 1.2.3 serves qwen, tiny\n"));
  EXPECT_THAT(text, HasSubstr("http://127.0.0.1:1338/v1\n"));
  EXPECT_THAT(text, HasSubstr("https://127.0.0.1:1337  (certificates in /s/certs)"));
  EXPECT_THAT(text, HasSubstr("sanctum chat \"What"));
  EXPECT_THAT(text, HasSubstr("Ctrl-C"));
}

TEST(Greeting, NamesTheServerThatIsNotTheUsualOne) {
  EXPECT_THAT(greeting({"1", {"m"}, "http://127.0.0.1:9", ""}),
              AllOf(HasSubstr("sanctum chat --url http://127.0.0.1:9 "), Not(HasSubstr("mTLS"))));
  EXPECT_THAT(greeting({"1", {"m"}, "https://127.0.0.1:9", "/c"}),
              AllOf(HasSubstr("sanctum chat --url https://127.0.0.1:9 "), Not(HasSubstr("page"))));
}

TEST(Greeting, NamesTheServerWhereSeveralRun) {
  Greeting about{"1", {"m"}, "http://127.0.0.1:1338", ""};
  about.alone = false;
  EXPECT_THAT(greeting(about), HasSubstr("sanctum chat --url http://127.0.0.1:1338 "));
}

TEST(Greeting, NamesWhatCouldNotBeLoaded) {
  Greeting about{"1", {"m"}, "http://127.0.0.1:1338", ""};
  about.failed = {"big", "odd"};
  EXPECT_THAT(greeting(about),
              HasSubstr("serves m\n  failed big, odd (`sanctum status` says why)"));
}

TEST(Greeting, NamesWhatIsNotServedAndWhoAnswersNoChats) {
  Greeting about{"1", {"base", "m"}, "http://127.0.0.1:1338", ""};
  about.left_out = {"'m': Ollama's own layers"};
  about.prompts_alone = {"base"};
  const auto text = greeting(about);
  EXPECT_THAT(text, HasSubstr("  of     'm': Ollama's own layers\n  chat   not base ("));
  EXPECT_THAT(text, HasSubstr("  try    curl http://127.0.0.1:1338/v1/completions "));
  about.models = {"m", "base"};
  EXPECT_THAT(greeting(about), HasSubstr("  try    sanctum chat \"What"));
}

TEST(Greeting, TheFirstCtrlCSaysWhatItWaitsFor) {
  EXPECT_EQ(waits_for(1, 30),
            "stopping: 1 request still runs, and gets up to 30 s; Ctrl-C again ends at once");
  EXPECT_THAT(waits_for(3, 5), HasSubstr("3 requests still run, and get up to 5 s"));
}

}  // namespace
}  // namespace sanctum::serve
