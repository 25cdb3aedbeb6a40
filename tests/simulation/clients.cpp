#include "clients.h"

#include <utility>

namespace sanctum::simulation {

Client::Client(World& world, std::string name, std::string prompt, std::uint64_t seed,
               int max_tokens, bool poisonous, std::function<bool()> lying,
               std::function<bool()> refusing, std::function<bool()> elsewhere)
    : world_(world),
      name_(std::move(name)),
      prompt_(std::move(prompt)),
      seed_(seed),
      max_tokens_(max_tokens),
      poisonous_(poisonous),
      expected_(whole_answer(prompt_, seed, max_tokens)),
      lying_(std::move(lying)),
      refusing_(std::move(refusing)),
      elsewhere_(std::move(elsewhere)) {}

void Client::ask(gateway::RemoteEngine& gateway) {
  wire::GenerateRequest request;
  request.request = name_;
  request.model = "m";
  request.prompt = prompt_;
  request.sampling.seed = seed_;
  request.sampling.max_tokens = max_tokens_;
  // The table of requests shares its listeners; this one outlives it.
  gateway.generate(std::move(request), std::shared_ptr<GenerateListener>(this, [](auto*) {}));
}

void Client::leave(gateway::RemoteEngine& gateway) {
  if (over_) return;
  left_ = true;
  gateway.cancel(name_);
}

void Client::accepted(const wire::Accepted&) {
  if (++accepted_ > 1) world_.violated("a request is accepted twice");
}

void Client::delta(const wire::RowDelta& row) {
  if (over_) world_.violated("something is said after the last word");
  heard_ += row.content;
  lied_to_ |= lying_();
  if (lied_to_) return;
  if (expected_.text.compare(0, heard_.size(), heard_) != 0)
    world_.violated("a client hears something else than it should");
}

void Client::completed(const wire::Completed& completed) {
  if (std::exchange(over_, true)) return world_.violated("a request ends twice");
  failed_ = completed.failure.has_value();
  if (left_) return;
  if (failed_ && heard_.empty() && elsewhere_()) return;
  if (failed_) {
    if (!poisonous_ && !may_be_cut_ && !refusing_())
      world_.violated("an innocent request fails: " + completed.failure->message);
    return;
  }
  if (poisonous_) return world_.violated("poison is answered");
  if (completed.finish_reason != expected_.reason)
    world_.violated("an answer ends for another reason");
  if (!lied_to_ && heard_ != expected_.text) world_.violated("an answer ends before it is whole");
}

}  // namespace sanctum::simulation
