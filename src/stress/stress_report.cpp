#include "stress/stress_report.h"

#include <cstdio>

#include "base/json.h"

namespace sanctum::stress {
namespace {

template <class... Args>
std::string formatted(const char* format, Args... args) {
  char text[512];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

double per_second(std::uint64_t count, double elapsed_s) {
  return elapsed_s > 0 ? static_cast<double>(count) / elapsed_s : 0;
}

unsigned long long wide(std::uint64_t value) {
  return value;
}

std::string row(const Tally& t, double elapsed_s) {
  const std::string name(to_string(t.pipeline));
  const std::string first =
      t.first_failure_s ? formatted("%.1f s", *t.first_failure_s) : std::string("none");
  return formatted("%-7s %9llu %8llu %7llu %8llu %9.0f %9.0f %8.1f %9.1f  %s\n", name.c_str(),
                   wide(t.ok), wide(t.errors), wide(t.wrong), wide(t.refused),
                   t.latency.percentile_us(0.50) / 1e3, t.latency.percentile_us(0.99) / 1e3,
                   per_second(t.ok, elapsed_s), per_second(t.tokens, elapsed_s), first.c_str());
}

std::uint64_t compared(const StressReport& report) {
  std::uint64_t count = 0;
  for (const auto& tally : report.pipelines) count += tally.ok + tally.wrong;
  return count;
}

std::uint64_t different(const StressReport& report) {
  std::uint64_t count = 0;
  for (const auto& tally : report.pipelines) count += tally.wrong;
  return count;
}

bool asking_alone(const StressReport& report) {
  return report.reference == Reference::kSolo && report.questions_alone < report.questions;
}

void write_tally(json::Writer& w, const Tally& t, double elapsed_s) {
  w.key(to_string(t.pipeline)).begin_object();
  w.field("ok", t.ok).field("streamed", t.streamed).field("errors", t.errors);
  w.field("wrong", t.wrong).field("refused", t.refused).field("tokens", t.tokens);
  w.field("p50_ms", t.latency.percentile_us(0.50) / 1e3);
  w.field("p99_ms", t.latency.percentile_us(0.99) / 1e3);
  w.field("largest_ms", static_cast<double>(t.latency.largest_us()) / 1e3);
  w.field("requests_per_s", per_second(t.ok, elapsed_s));
  w.field("tokens_per_s", per_second(t.tokens, elapsed_s));
  w.key("first_failure_s");
  if (t.first_failure_s) {
    w.value(*t.first_failure_s);
  } else {
    w.null();
  }
  w.key("failures").begin_array();
  for (const auto& failure : t.failures) {
    w.begin_object().field("at_s", failure.at_s).field("text", failure.text).end_object();
  }
  w.end_array().end_object();
}

}  // namespace

std::string progress_line(const StressReport& report) {
  std::string line = formatted("%6.0f s", report.elapsed_s);
  if (asking_alone(report)) {
    return line + formatted("  %llu of %llu questions asked alone", wide(report.questions_alone),
                            wide(report.questions));
  }
  for (const auto& t : report.pipelines) {
    const std::string name(to_string(t.pipeline));
    line += formatted("  %s %llu ok %llu errors %llu wrong", name.c_str(), wide(t.ok),
                      wide(t.errors), wide(t.wrong));
    if (t.refused > 0) line += formatted(" %llu refused", wide(t.refused));
  }
  if (report.crashes > 0) line += formatted("  %llu crashes", wide(report.crashes));
  return line;
}

std::string report_text(const StressReport& report) {
  std::string text = report.url + ", " + report.model;
  if (report.vision_model != report.model) text += " and " + report.vision_model;
  text += formatted(", %d workers a pipeline, %.1f s\n", report.workers, report.elapsed_s);
  text += formatted("%-7s %9s %8s %7s %8s %9s %9s %8s %9s  %s\n", "", "OK", "errors", "wrong",
                    "refused", "p50 ms", "p99 ms", "req/s", "tokens/s", "first failure");
  std::uint64_t ok = 0;
  for (const auto& tally : report.pipelines) {
    text += row(tally, report.elapsed_s);
    ok += tally.ok;
  }
  text += formatted("all     %9llu right answers, %.1f a second; %llu crashes\n", wide(ok),
                    per_second(ok, report.elapsed_s), wide(report.crashes));
  if (report.reference == Reference::kSolo) {
    text +=
        formatted("alone   %9llu questions; %llu answers compared with theirs, %llu different\n",
                  wide(report.questions_alone), wide(compared(report)), wide(different(report)));
  }
  if (report.without_tools) text += "  " + report.model + " knows of no tools: none were given\n";
  if (report.blind) text += "  " + report.vision_model + " sees no pictures: none were shown\n";
  for (const auto& tally : report.pipelines) {
    for (const auto& failure : tally.failures) {
      text += formatted("  %-6s at %.1f s: ", std::string(to_string(tally.pipeline)).c_str(),
                        failure.at_s) +
              failure.text + "\n";
    }
  }
  return text + std::string(to_string(report.decision.verdict)) + ": " + report.decision.reason +
         "\n";
}

std::string report_json(const StressReport& report) {
  json::Writer w;
  w.begin_object();
  w.field("verdict", to_string(report.decision.verdict)).field("reason", report.decision.reason);
  w.field("url", report.url).field("model", report.model);
  w.field("vision_model", report.vision_model).field("workers_per_pipeline", report.workers);
  w.field("elapsed_s", report.elapsed_s).field("cut_short", report.cut_short);
  w.field("reference", to_string(report.reference));
  if (report.reference == Reference::kSolo) {
    w.field("questions", static_cast<std::uint64_t>(report.questions_alone));
    w.field("compared", compared(report)).field("different", different(report));
    w.field("pictures_shown", !report.blind).field("tools_given", !report.without_tools);
  }
  w.field("crashes", report.crashes).key("pipelines").begin_object();
  for (const auto& tally : report.pipelines) write_tally(w, tally, report.elapsed_s);
  w.end_object().end_object();
  return w.take();
}

}  // namespace sanctum::stress
