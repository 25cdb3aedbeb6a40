#include "probes/works.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "client/chat_client.h"
#include "client/printable.h"
#include "probes/battery.h"

namespace sanctum::probes {
namespace {

constexpr std::uint64_t kBatteryBytesMax = 4u << 20;
constexpr std::size_t kModelsMax = 1000;
constexpr std::size_t kShownCharactersMax = 200;
constexpr std::int64_t kGoldenTokens = 24;

std::string modality_of(const Question& question) {
  return question.kind == "vision" ? "vision" : "text";
}

client::Answer asked(const Question& question, client::ChatClient& client, const std::string& model,
                     std::int64_t tokens) {
  return client.chat({.model = model,
                      .messages_json = question.messages_json,
                      .tools_json = question.tools_json,
                      .max_tokens = tokens,
                      .temperature = 0.0});
}

// Where the time went, for the record.
std::string phases(const client::Answer& answer) {
  if (!answer.timings) return {};
  const auto ms = [](std::int64_t us) { return std::to_string(us / 1000) + " ms"; };
  const auto& t = *answer.timings;
  return " (queue " + ms(t.queue_us) + ", vision " + ms(t.vision_us) + ", prefill " +
         ms(t.prefill_us) + ", decode " + ms(t.decode_us) + ")";
}

struct Verdict {
  bool right = false;
  std::string why;
};

class Examiner {
 public:
  Examiner(const LoadedModel& model, const WorksOptions& options, Goldens& goldens)
      : model_(model),
        options_(options),
        goldens_(goldens),
        client_(options.endpoint, {options.limit, options.limit, options.limit}) {}

  void examine(Check& check) {
    const std::string file = model_.directory + "/battery.json";
    const bool beside = std::filesystem::exists(file);
    const bool known = beside || model_.name == kBuiltInModel;
    const auto questions = decode_battery(beside ? read_file(file, kBatteryBytesMax)
                                                 : std::string(built_in_battery()));
    for (const auto& question : questions) {
      if (modality_of(question) != check.modality) continue;
      const client::Answer answer =
          asked(question, client_, model_.name, known ? question.max_tokens : kGoldenTokens);
      check.took_us += microseconds_between(answer.sent, answer.ended);
      const Verdict verdict = !answer.good() ? Verdict{false, answer.failure}
                              : known        ? judge(question, answer)
                                             : compare(question, answer);
      check.passed = verdict.right;
      check.detail = question.name + ": " +
                     client::printable_line(verdict.why, kShownCharactersMax) + phases(answer);
      if (!verdict.right || !known) return;  // of goldens, one is enough
    }
    if (check.detail.empty()) check.detail = "there is no question for it";
  }

 private:
  Verdict judge(const Question& question, const client::Answer& answer) const {
    if (met(question.expectation, answer)) return {true, "as expected"};
    return {false, "expected " + described(question.expectation) + ", came " + described(answer)};
  }

  Verdict compare(const Question& question, const client::Answer& answer) {
    const std::string said = answer.reasoning + described(answer);
    if (answer.reasoning.empty() && answer.content.empty() && answer.tool_calls.empty())
      return {false, "it said nothing"};
    if (!model_.same_under_load)
      return {true, "it answers; on these kernels answers may differ, so they are not compared"};
    const auto digest = options_.digest(model_);
    if (!digest) return {true, "it answers; its weights are still being hashed"};
    if (digest->empty()) return {true, "it answers; its weights cannot be read to be compared"};
    const auto golden = goldens_.find(*digest, question.name);
    if (golden && *golden != said)
      return {false, "these weights said " + *golden + " before, and now " + said};
    if (golden) return {true, "as these weights said before"};
    goldens_.record(*digest, question.name, said);
    return {true, "recorded as what these weights say"};
  }

  const LoadedModel& model_;
  const WorksOptions& options_;
  Goldens& goldens_;
  client::ChatClient client_;
};

}  // namespace

std::vector<LoadedModel> loaded_models(std::string_view status_body) {
  try {
    const json::Document document(status_body);
    std::vector<LoadedModel> models;
    for (const auto& node : document.root().at("models").as_array(kModelsMax)) {
      if (node.at("state").as_string() != "ready") continue;
      models.push_back({node.at("model").as_string(), node.as_string_or("path", ""),
                        node.as_bool_or("vision", false), node.as_bool_or("same_under_load", false),
                        static_cast<std::uint64_t>(node.as_int_or("weight_bytes", 0))});
    }
    return models;
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, std::string("/status makes no sense: ") + error.what());
  }
}

std::vector<Check> check_works(const std::vector<LoadedModel>& models, const WorksOptions& options,
                               Goldens& goldens) {
  std::vector<Check> checks;
  for (const auto& model : models) {
    for (const char* modality : {"text", "vision"}) {
      if (std::string_view(modality) == "vision" && !model.vision) continue;
      Check check;
      check.name = "'" + model.name + "' in " + modality;
      check.model = model.name;
      check.modality = modality;
      try {
        Examiner(model, options, goldens).examine(check);
      } catch (const Error& error) {
        check.passed = false;
        check.detail = error.what();
      }
      checks.push_back(std::move(check));
    }
  }
  return checks;
}

}  // namespace sanctum::probes
