// The parity-smoke battery: ten questions with known answers, asked of any OpenAI server.
//
// Contract: the battery is data (models/smoke/battery.json, built into the program); running it
// asks one question after another and judges each. Thread rule: the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/chat_client.h"
#include "client/model_abilities.h"
#include "probes/expectation.h"

namespace sanctum::probes {

inline constexpr std::size_t kQuestionsMax = 100;
inline constexpr std::int64_t kAnswerTokensMax = 4096;

struct Question {
  std::string name;
  std::string kind;  // text, vision or tool
  std::string messages_json;
  std::string tools_json;  // empty for none
  std::int64_t max_tokens = 64;
  Expectation expectation;
};

// Why this model is not asked; empty where it is.
std::string skipped_because(const Question& question, const client::ModelAbilities& abilities);

struct Mark {
  std::string name;
  std::string kind;
  bool right = false;
  std::string expected;
  std::string came;
  std::int64_t took_us = 0;
};

// Throws Error(kInvalid) naming the member that is wrong.
std::vector<Question> decode_battery(std::string_view json);
// The battery built into this program.
std::string_view built_in_battery();

// `on_mark` hears each mark as it is given.
std::vector<Mark> run_battery(const std::vector<Question>& questions, client::ChatClient& client,
                              const std::string& model,
                              const std::function<void(const Mark&)>& on_mark);

std::size_t right_count(const std::vector<Mark>& marks);
// "OK   text-add     ends in 5     came \"5\"     12 ms"
std::string mark_line(const Mark& mark);
// {"model","right","of","marks":[{"name","kind","right","expected","came","took_us"}]}
std::string marks_json(const std::string& model, const std::vector<Mark>& marks);

}  // namespace sanctum::probes
