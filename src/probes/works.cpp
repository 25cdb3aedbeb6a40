#include "probes/works.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"
#include "client/chat_client.h"
#include "client/printable.h"
#include "probes/battery.h"

namespace sanctum::probes {
namespace {

constexpr std::uint64_t kBatteryBytesMax = 4u << 20;
constexpr std::size_t kShownCharactersMax = 200;
constexpr std::int64_t kGoldenTokens = 24;
constexpr const char* kPrompt = "The capital of France is";  // of models that answer no chats
constexpr std::size_t kShownDigits = 12;                     // of a digest

std::string modality_of(const Question& question) {
  return question.kind == "vision" ? "vision" : "text";
}

// Asked of a model that answers no chats, in place of the battery.
std::vector<Question> prompt_alone() {
  Question question;
  question.name = "prompt";
  question.kind = "text";
  question.messages_json = kPrompt;
  return {question};
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

// The question never reached a model, or was refused: that is no model's fault, and another engine
// would not help.
bool turned_away(const client::Answer& answer) {
  if (answer.status == 0) return answer.ending != client::Ending::kDeadline;
  return (answer.status >= 400 && answer.status < 500) || answer.status == 503;
}

// All that an answer may depend on besides the weights.
std::string terms_of(const LoadedModel& model, const Question& question) {
  const std::string asked =
      question.messages_json + question.tools_json + std::to_string(kGoldenTokens);
  return (model.numbers.empty() ? "unknown numbers" : model.numbers) + "; question " +
         to_hex(sha256(asked)).substr(0, kShownDigits);
}

struct Verdict {
  bool right = false;
  std::string why;
};

class Examiner {
 public:
  // `faults` hears what went wrong with the probe itself.
  Examiner(const LoadedModel& model, const WorksOptions& options, Goldens& goldens,
           std::vector<std::string>& faults)
      : model_(model),
        options_(options),
        goldens_(goldens),
        faults_(faults),
        client_(options.endpoint, {options.limit, options.limit, options.limit}) {}

  // False without a verdict: it is not our engine that answered.
  bool examine(Check& check) {
    const auto own = questions_beside(check.modality);
    const bool known = !own.empty() || (chats() && model_.name == kBuiltInModel);
    for (const auto& question :
         !chats()      ? prompt_alone()
         : own.empty() ? of_modality(decode_battery(built_in_battery()), check.modality)
                       : own) {
      const bool loading = is_loading();
      const client::Answer answer =
          chats()
              ? asked(question, client_, model_.name, known ? question.max_tokens : kGoldenTokens)
              : client_.complete({model_.name, kPrompt, kGoldenTokens});
      check.took_us += microseconds_between(answer.sent, answer.ended);
      if (!answer.served_by.empty()) {
        faults_.push_back(
            "the fallback " + answer.served_by + " answers for '" + model_.name +
            "', so that nothing is known of the engine; a probe that shows the "
            "server's own secret (on its machine, with its --state-dir) gets past it");
        return false;
      }
      const Verdict verdict = !answer.good() ? Verdict{false, answer.failure}
                              : known        ? judge(question, answer)
                                             : compare(question, answer);
      check.passed = verdict.right;
      check.may_act = !turned_away(answer);
      if (answer.ending == client::Ending::kDeadline && (loading || is_loading()))
        check.label = "a model was loading";
      check.detail = question.name + ": " +
                     client::printable_line(verdict.why, kShownCharactersMax) + phases(answer);
      if (!verdict.right || !known) break;  // of goldens, one is enough
    }
    return true;
  }

 private:
  bool chats() const { return model_.no_chat.empty(); }
  bool is_loading() const { return options_.loading && options_.loading(); }

  // Of this modality, and such as the model says that it can answer.
  std::vector<Question> of_modality(std::vector<Question> questions,
                                    const std::string& modality) const {
    std::erase_if(questions, [&](const Question& question) {
      return modality_of(question) != modality ||
             !skipped_because(question, {model_.vision, model_.tools, {}}).empty();
    });
    return questions;
  }

  // Of the battery in the model's directory; none without one.
  std::vector<Question> questions_beside(const std::string& modality) {
    if (!chats()) return {};
    const std::string file = model_.directory + "/battery.json";
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return {};
    try {
      return of_modality(decode_battery(read_file(file, kBatteryBytesMax)), modality);
    } catch (const Error& fault) {
      faults_.push_back("'" + model_.name + "' is asked other questions than its own: " + file +
                        ": " + fault.what());
      return {};
    }
  }

  Verdict judge(const Question& question, const client::Answer& answer) const {
    if (met(question.expectation, answer)) return {true, "as expected"};
    return {false, "expected " + described(question.expectation) + ", came " + described(answer)};
  }

  Verdict compare(const Question& question, const client::Answer& answer) {
    const std::string said = answer.reasoning + described(answer);
    // Tokens that spell nothing are all that some prompts get.
    const bool tokens = !chats() && answer.completion_tokens.value_or(0) > 0;
    if (answer.reasoning.empty() && answer.content.empty() && answer.tool_calls.empty() && !tokens)
      return {false, "it said nothing"};
    if (!model_.same_under_load)
      return {true, "it answers; on these kernels answers may differ, so they are not compared"};
    const auto digest = options_.digest(model_);
    if (!digest) return {true, "it answers; its weights are still being hashed"};
    if (digest->empty()) return {true, "it answers; its weights cannot be read to be compared"};
    try {
      return compare(question, said, *digest);
    } catch (const Error& fault) {
      faults_.push_back("what '" + model_.name + "' says cannot be compared: " + fault.what());
      return {true, std::string("it answers; that cannot be compared: ") + fault.what()};
    }
  }

  // Throws Error for what the disk refuses.
  Verdict compare(const Question& question, const std::string& said, const std::string& digest) {
    const std::string terms = terms_of(model_, question);
    const auto golden = goldens_.find(digest, question.name);
    if (golden && golden->terms == terms) {
      if (golden->answer == said) return {true, "as these weights said before"};
      return {false, "these weights said " + golden->answer + " before, and now " + said};
    }
    goldens_.record(digest, question.name, {said, terms});
    if (!golden) return {true, "recorded as what these weights say"};
    log::info("golden_recorded_anew",
              {{"model", model_.name}, {"before", golden->terms}, {"now", terms}});
    return {true, "recorded anew as what these weights say: it was " +
                      (golden->terms.empty() ? "not told on which terms" : golden->terms) +
                      ", it is " + terms};
  }

  const LoadedModel& model_;
  const WorksOptions& options_;
  Goldens& goldens_;
  std::vector<std::string>& faults_;
  client::ChatClient client_;
};

}  // namespace

std::vector<Check> check_works(const std::vector<LoadedModel>& models, const WorksOptions& options,
                               Goldens& goldens) {
  std::vector<Check> checks;
  std::vector<std::string> faults;
  for (const auto& model : models) {
    for (const char* modality : {"text", "vision"}) {
      if (std::string_view(modality) == "vision" && (!model.vision || !model.no_chat.empty()))
        continue;
      Check check;
      check.name = "'" + model.name + "' in " + modality;
      check.model = model.name;
      check.modality = modality;
      if (Examiner(model, options, goldens, faults).examine(check))
        checks.push_back(std::move(check));
    }
  }
  if (!faults.empty()) {
    std::string all;
    for (const auto& fault : faults) all += (all.empty() ? "" : "; ") + fault;
    checks.push_back({kProbeItself, false, 0, all, {}, {}});
  }
  return checks;
}

}  // namespace sanctum::probes
