#include "stress/solo_pass.h"

#include "base/clock.h"

namespace sanctum::stress {
namespace {

constexpr int kBadRequest = 400;

bool stopped(const std::atomic<bool>* stop) {
  return stop != nullptr && stop->load();
}

// Refusals are waited for, up to kRefusalGrace.
client::Answer ask(const client::ChatRequest& request, client::ChatClient& client,
                   const std::atomic<bool>* stop, const std::function<void(Milliseconds)>& wait) {
  const auto give_up_at = Clock::now() + kRefusalGrace;
  for (;;) {
    auto answer = client.chat(request, {}, stop);
    const auto ended = judge_ending(answer);
    const bool refused = ended && ended->finding == Finding::kRefused;
    if (!refused || stopped(stop) || Clock::now() >= give_up_at) return answer;
    wait(refusal_wait(answer.retry_after));
  }
}

}  // namespace

SoloPass ask_alone(const std::vector<SoloQuestion>& questions, client::ChatClient& client,
                   const std::atomic<bool>* stop, const std::function<void(Milliseconds)>& wait,
                   const std::function<void(std::size_t)>& on_asked) {
  SoloPass pass;
  std::size_t asked = 0;
  for (auto question : questions) {
    if (stopped(stop)) break;
    auto answer = ask(question.request, client, stop, wait);
    if (answer.status == kBadRequest && question.request.logprobs) {
      // Not every server has log probabilities; the rest of its answers can still be compared.
      question.request.logprobs = false;
      answer = ask(question.request, client, stop, wait);
    }
    const auto ended = judge_ending(answer);
    if (!ended) {
      pass.twins.push_back({std::move(question), std::move(answer)});
    } else if (ended->finding != Finding::kCancelled) {
      pass.failures.push_back({question.pipeline, question.name + ", alone: " + ended->text});
    }
    if (on_asked) on_asked(++asked);
  }
  return pass;
}

}  // namespace sanctum::stress
