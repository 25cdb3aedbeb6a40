#include "probe.h"

#include <utility>

namespace sanctum::simulation {
namespace {

constexpr const char* kPrompt = "what is known";
constexpr std::uint64_t kSeed = 1;
constexpr int kTokens = 20;
constexpr seconds kLookForModelsEvery{1};

probes::TrackLimits limits() {
  probes::TrackLimits limits;
  limits.every = seconds(10);
  limits.again = seconds(3);
  limits.limit = seconds(10);
  limits.act_after = 2;
  return limits;
}

}  // namespace

class SimProbe::Question : public gateway::GenerateListener {
 public:
  explicit Question(SimProbe& probe) : probe_(probe) {}
  void accepted(const wire::Accepted&) override {}
  void delta(const wire::RowDelta& row) override { heard_ += row.content; }
  void completed(const wire::Completed& completed) override {
    over(!completed.failure && heard_ == probe_.expected_.text);
  }
  void over(bool right) {
    if (!std::exchange(over_, true)) probe_.answered(right);
  }

 private:
  SimProbe& probe_;
  std::string heard_;
  bool over_ = false;
};

SimProbe::SimProbe(World& world, SimServer& server, std::function<void()> proven)
    : world_(world),
      server_(server),
      proven_(std::move(proven)),
      limits_(limits()),
      expected_(whole_answer(kPrompt, kSeed, kTokens)) {}

SimProbe::~SimProbe() = default;

void SimProbe::ask() {
  if (ended_) return;
  // Only models that are loaded are asked.
  if (server_.state() != supervisor::WorkerState::kReady) {
    world_.after(kLookForModelsEvery, [this] { ask(); });
    return;
  }
  asked_engine_ = server_.starts();
  questions_.push_back(std::make_unique<Question>(*this));
  Question* question = questions_.back().get();
  wire::GenerateRequest request;
  request.request = "probe " + std::to_string(++asked_);
  request.model = "m";
  request.prompt = kPrompt;
  request.sampling.seed = kSeed;
  request.sampling.max_tokens = kTokens;
  world_.after(limits_.limit, [this, question, name = request.request] {
    question->over(false);
    server_.gateway().cancel(name);
  });
  server_.gateway().generate(std::move(request),
                             std::shared_ptr<gateway::GenerateListener>(question, [](auto*) {}));
}

void SimProbe::answered(bool right) {
  const bool same =
      server_.starts() == asked_engine_ && server_.state() == supervisor::WorkerState::kReady;
  const std::string label = same ? "" : "another engine was started";
  const auto decision = probes::run_ended(track_, {right, label}, world_.now(), limits_);
  if (decision.act) server_.condemn();
  if (right && same) proven_();
  world_.after(std::chrono::ceil<milliseconds>(track_.next - world_.now()), [this] { ask(); });
}

}  // namespace sanctum::simulation
