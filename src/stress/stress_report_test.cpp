#include "stress/stress_report.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace sanctum::stress {
namespace {

StressReport sample() {
  StressReport report;
  report.url = "http://h:1";
  report.model = report.vision_model = "m";
  report.workers = 4;
  report.elapsed_s = 10;
  Tally text;
  text.ok = 100;
  text.tokens = 500;
  text.latency.add(20'000);
  Tally vision;
  vision.pipeline = Pipeline::kVision;
  vision.ok = 50;
  vision.errors = 1;
  vision.first_failure_s = 2.5;
  vision.failures = {{2.5, "HTTP 500: \"x\""}};
  report.pipelines = {text, vision};
  report.decision = decide(report.pipelines, 0, false);
  return report;
}

TEST(StressReport, JsonHoldsTheFigures) {
  const auto text = report_json(sample());
  const json::Document document(text);
  const auto root = document.root();
  EXPECT_EQ(root.at("verdict").as_string(), "PARTIAL");
  const auto pipelines = root.at("pipelines");
  EXPECT_EQ(pipelines.at("text").at("ok").as_int(), 100);
  EXPECT_EQ(pipelines.at("text").at("requests_per_s").as_double(), 10.0);
  EXPECT_EQ(pipelines.at("text").at("tokens_per_s").as_double(), 50.0);
  EXPECT_NEAR(pipelines.at("text").at("p99_ms").as_double(), 20.0, 0.2);
  EXPECT_FALSE(pipelines.at("text").has("first_failure_s")) << "null";
  EXPECT_EQ(pipelines.at("vision").at("first_failure_s").as_double(), 2.5);
  EXPECT_EQ(pipelines.at("vision").at("failures").as_array()[0].at("text").as_string(),
            "HTTP 500: \"x\"");
}

TEST(StressReport, TextEndsInTheVerdict) {
  const auto text = report_text(sample());
  EXPECT_NE(text.find("vision at 2.5 s: HTTP 500"), std::string::npos) << text;
  EXPECT_NE(text.find("150 right answers, 15.0 a second"), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.rfind("PARTIAL")), "PARTIAL: 1 errors, nothing wrong\n");
}

TEST(StressReport, ProgressIsOneLine) {
  EXPECT_EQ(progress_line(sample()),
            "    10 s  text 100 ok 0 errors 0 wrong  vision 50 ok 1 errors 0 wrong");
}

TEST(StressReport, SoloTellsHowManyWereCompared) {
  auto report = sample();
  EXPECT_EQ(report_json(report).find("compared"), std::string::npos) << "only where it was done";
  report.reference = Reference::kSolo;
  report.questions = report.questions_alone = 22;
  report.pipelines[0].wrong = 3;
  const auto text = report_text(report);
  EXPECT_NE(text.find("22 questions; 153 answers compared with theirs, 3 different\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("none were shown"), std::string::npos) << text;
  const auto written = report_json(report);
  const json::Document document(written);
  EXPECT_EQ(document.root().at("reference").as_string(), "solo");
  EXPECT_EQ(document.root().at("compared").as_int(), 153);
  EXPECT_EQ(document.root().at("different").as_int(), 3);
  EXPECT_TRUE(document.root().at("pictures_shown").as_bool());
  report.blind = true;
  EXPECT_NE(report_text(report).find("m sees no pictures: none were shown"), std::string::npos);
}

TEST(StressReport, ProgressWhileQuestionsAreAskedAlone) {
  auto report = sample();
  report.reference = Reference::kSolo;
  report.questions = 22;
  report.questions_alone = 7;
  EXPECT_EQ(progress_line(report), "    10 s  7 of 22 questions asked alone");
}

}  // namespace
}  // namespace sanctum::stress
