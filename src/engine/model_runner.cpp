#include "engine/model_runner.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <variant>

#include "base/error.h"
#include "base/invariant.h"
#include "base/log.h"
#include "engine/token_mask.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;
using wire::FinishReason;

constexpr int kAnswerTokensLikely = 256;
constexpr int kMaskThreads = 2;  // of one model: a mask takes far less than a step
// Of keys and values, for probes: what so many tokens take, or one part in so many of a small
// memory.
constexpr std::int64_t kReservedTokens = 512;
constexpr std::uint64_t kReservedShare = 8;
// In a row. One may be: when those that were to be fed gave up their room for one that waits for
// them.
constexpr int kEmptyStepsMax = 3;

// The pictures of `sequence` whose tokens fall into its next `count` tokens, as rows of the step
// whose first row for this sequence is `first_row`.
void add_visual_rows(const Sequence& sequence, int count, int first_row, models::Step& step) {
  const int begin = sequence.fed();
  const int end = begin + count;
  for (std::size_t i = 0; i < sequence.prompt.images.size(); ++i) {
    const models::PromptImage& image = sequence.prompt.images[i];
    const int first = std::max(begin, image.first);
    const int last = std::min(end, image.first + image.count);
    if (first >= last) continue;
    step.visuals.push_back(
        {first_row + first - begin, last - first, &*sequence.features[i], first - image.first});
  }
}

// Appends the sequence's next `count` tokens to the step, but for their ids, which go to `ids`;
// says whether they give a token.
bool add_rows(Sequence& sequence, int count, models::Step& step, std::vector<int>& ids) {
  const int first_row = step.rows(), begin = sequence.fed();
  add_visual_rows(sequence, count, first_row, step);
  for (int at = begin; at < begin + count; ++at) {
    ids.push_back(sequence.token(at));
    step.positions.push_back(sequence.position(at));
  }
  step.slices.push_back({first_row, count, sequence.cache.get(), sequence.length()});
  if (begin + count < sequence.length()) return false;
  step.logits_rows.push_back(first_row + count - 1);
  return true;
}

}  // namespace

std::vector<std::size_t> Sequence::images_to_encode() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < prompt.images.size(); ++i) {
    const models::PromptImage& image = prompt.images[i];
    if (!features[i] && image.first + image.count > fed()) out.push_back(i);
  }
  return out;
}

int Sequence::image_tokens_to_encode() const {
  int tokens = 0;
  for (const std::size_t i : images_to_encode()) tokens += prompt.images[i].count;
  return tokens;
}

std::optional<int> Sequence::forced() const {
  const std::optional<int> ends_thought = thought ? thought->forced() : std::nullopt;
  if (ends_thought || output.size() >= script.size()) return ends_thought;
  return script[output.size()];
}

std::optional<wire::FinishReason> Sequence::over() const {
  if (output.empty()) return std::nullopt;
  if (std::find(end_ids.begin(), end_ids.end(), output.back()) != end_ids.end())
    return FinishReason::kStop;
  if (static_cast<int>(output.size()) >= tokens_max) return FinishReason::kLength;
  return std::nullopt;
}

ModelRunner::ModelRunner(std::shared_ptr<const models::Model> model, nn::BackendPointer backend,
                         std::unique_ptr<nn::KvMemory> memory, StepLimits limits,
                         std::uint64_t prefix_bytes_max, wire::Heartbeat* heartbeat, Fault fault)
    : model_(std::move(model)),
      backend_(std::move(backend)),
      memory_(std::move(memory)),
      limits_(limits),
      prefixes_(*memory_, prefix_bytes_max),
      keeps_prefixes_(prefix_bytes_max > 0),
      heartbeat_(heartbeat),
      fault_(fault) {
  if (backend_->leaves_cores()) mask_workers_.emplace(kMaskThreads);
  limits_.tokens_max = std::min(limits_.tokens_max, memory_->step_tokens());
  limits_.kv_bytes_max = memory_->bytes_max();
  limits_.kv_bytes_reserved =
      std::min(memory_->bytes_for(kReservedTokens), limits_.kv_bytes_max / kReservedShare);
}

void ModelRunner::submit(std::unique_ptr<Sequence> sequence) {
  sequence->features.resize(sequence->prompt.images.size());
  sequences_.push_back(std::move(sequence));
}

bool ModelRunner::cancel(const std::string& request) {
  for (auto& sequence : sequences_) {
    if (sequence->request != request) continue;
    sequence->cancelled = true;
    return true;
  }
  return false;
}

void ModelRunner::set_switches(const wire::Switches& switches) {
  switches_ = switches;
  while (!switches_.prefix_cache && prefixes_.evict()) {
  }
}

StepLimits ModelRunner::limits() const {
  StepLimits limits = limits_;
  if (!switches_.batching) limits.sequences_max = 1;
  if (!switches_.admission) limits.kv_bytes_max = std::numeric_limits<std::uint64_t>::max();
  return limits;
}

int ModelRunner::running() const {
  return static_cast<int>(std::count_if(sequences_.begin(), sequences_.end(),
                                        [](const auto& s) { return s->cache != nullptr; }));
}

int ModelRunner::waiting() const {
  return static_cast<int>(sequences_.size()) - running();
}

std::uint64_t ModelRunner::kv_bytes() const {
  std::uint64_t total = 0;
  for (const auto& sequence : sequences_) {
    if (sequence->cache) total += sequence->cache->bytes();
  }
  return total;
}

// Most answers end long before max_tokens; one that does not may have to wait for room.
std::uint64_t ModelRunner::predicted_bytes(const Sequence& sequence) const {
  const int likely = sequence.prompt_tokens() + std::min(sequence.tokens_max, kAnswerTokensLikely);
  return memory_->bytes_for(std::max(sequence.length(), likely));
}

std::vector<SequenceState> ModelRunner::states() {
  std::vector<SequenceState> out;
  out.reserve(sequences_.size());
  for (const auto& s : sequences_) {
    const bool held_back = s->cache && !prefixes_.follow(*s);
    out.push_back({.running = s->cache != nullptr,
                   .held_back = held_back,
                   .image_tokens = s->image_tokens_to_encode(),
                   .left = s->left(),
                   .kv_bytes = predicted_bytes(*s),
                   .reserved = s->reserved,
                   .feed_max = prefixes_.feed_max(*s)});
  }
  return out;
}

bool ModelRunner::is_beyond(const Sequence& sequence) const {
  return sequence.length() > model_->traits().short_context;
}

// A reserved one only when there is no other.
Sequence& ModelRunner::youngest_running() {
  const auto youngest = [this](bool reserved) {
    return std::find_if(sequences_.rbegin(), sequences_.rend(), [reserved](const auto& s) {
      return s->cache != nullptr && s->reserved == reserved;
    });
  };
  const auto found = youngest(false);
  return found != sequences_.rend() ? **found : **youngest(true);
}

bool ModelRunner::let_go_of_copies() {
  if (!memory_->shares_copies()) return false;
  const auto holder = std::find_if(sequences_.rbegin(), sequences_.rend(),
                                   [](const auto& s) { return !s->prefix.empty(); });
  if (holder == sequences_.rend()) return false;
  prefixes_.abandon(**holder);
  return true;
}

bool ModelRunner::make_room(Sequence& sequence, int tokens) {
  while (!sequence.cache->reserve(tokens)) {
    if (!prefixes_.evict() && !let_go_of_copies()) return false;
  }
  return true;
}

void ModelRunner::make_room(StepPlan& plan) {
  for (const StepPlan::Row& row : plan.rows) {
    Sequence& sequence = *sequences_[row.sequence];
    while (sequence.cache && !make_room(sequence, sequence.fed() + row.tokens)) {
      SANCTUM_INVARIANT(running() > 1, "what one sequence needs was found to fit");
      preempt(youngest_running());
    }
  }
  std::erase_if(plan.rows,
                [&](const StepPlan::Row& row) { return !sequences_[row.sequence]->cache; });
}

void ModelRunner::preempt(Sequence& sequence) {
  sequence.prefix.let_go();
  sequence.cache.reset();
}

StepOutput ModelRunner::step() {
  StepOutput output;
  for (auto& sequence : sequences_) {
    if (sequence->cancelled) {
      end(*sequence, FinishReason::kCancelled, output);
    } else if (const auto over = sequence->over()) {  // resumed behind its last token
      end(*sequence, *over, output);
    }
  }
  drop_ended();
  for (auto& sequence : sequences_)
    if (sequence->cache && sequence->beyond != is_beyond(*sequence)) preempt(*sequence);
  StepPlan plan = plan_step(states(), limits(), step_cost_);
  for (const std::size_t i : plan.admit) {
    Sequence& sequence = *sequences_[i];
    sequence.cache = memory_->sequence();
    sequence.beyond = is_beyond(sequence);
    sequence.keeps_prefix = keeps_prefixes_ && switches_.prefix_cache;
    if (sequence.started) continue;  // it had to make room once
    sequence.started = Clock::now();
    if (sequence.sampling.repetition_penalty != 1)
      sequence.counts.add_prompt(sequence.prompt.tokens);
  }
  // Who was admitted now may find its prefix cached.
  if (!plan.admit.empty()) plan = plan_step(states(), limits(), step_cost_);
  for (const StepPlan::Encode& encode : plan.encode)
    encode_part(*sequences_[encode.sequence], encode.ms);
  make_room(plan);
  if (!plan.rows.empty()) {
    run_rows(plan, output);
    wire::progress(heartbeat_);
  }
  expect_progress(plan);
  drop_ended();
  return output;
}

void ModelRunner::expect_progress(const StepPlan& plan) {
  const bool none = plan.encode.empty() && plan.rows.empty() && !sequences_.empty();
  empty_steps_ = none ? empty_steps_ + 1 : 0;
  if (empty_steps_ < kEmptyStepsMax) return;
  log::error("no sequence can go on", {{"running", running()}, {"waiting", waiting()}});
  SANCTUM_INVARIANT(empty_steps_ < kEmptyStepsMax, "a step feeds or encodes something");
}

void ModelRunner::encode_part(Sequence& sequence, double ms) {
  const std::uint64_t suspect = wire::request_key(sequence.request);
  wire::begin_work(heartbeat_, wire::Phase::kImage, {&suspect, 1});
  const Instant begin = Clock::now();
  const std::size_t next = sequence.images_to_encode().front();
  if (!sequence.encoding || sequence.encoded_image != next) {
    sequence.encoding = model_->begin_encoding(*sequence.prompt.images[next].picture);
    sequence.encoded_image = next;
  }
  const double work = sequence.encoding->advance(encode_cost_.work_within(ms));
  if (auto features = sequence.encoding->take()) {
    sequence.features[next] = std::move(features);
    sequence.encoding.reset();
  }
  const std::int64_t spent = microseconds_between(begin, Clock::now());
  encode_cost_.observe(work, static_cast<double>(spent) / 1000);
  sequence.vision_us += spent;
  wire::progress(heartbeat_);
}

void ModelRunner::announce(const StepPlan& plan) {
  if (heartbeat_ == nullptr) return;
  std::vector<std::uint64_t> suspects;
  bool prompts = false;
  for (const StepPlan::Row& row : plan.rows) {
    suspects.push_back(wire::request_key(sequences_[row.sequence]->request));
    prompts |= row.tokens > 1;
  }
  wire::begin_work(heartbeat_, prompts ? wire::Phase::kPrefill : wire::Phase::kDecode, suspects);
}

void ModelRunner::run_rows(const StepPlan& plan, StepOutput& output) {
  announce(plan);
  const Instant begin = Clock::now();
  models::Step step;
  std::vector<int> ids;
  std::vector<Sequence*> wanting;
  for (const StepPlan::Row& row : plan.rows) {
    Sequence& sequence = *sequences_[row.sequence];
    meet_prompt(fault_, sequence.prompt_tokens());
    if (add_rows(sequence, row.tokens, step, ids)) wanting.push_back(&sequence);
  }
  // Without a row that wants logits the caches still have to be filled: ask for the last row's.
  const bool unwanted = step.logits_rows.empty();
  if (unwanted) step.logits_rows.push_back(step.rows() - 1);
  step.tokens = models::token_ids(ids);
  mx::array logits = mx::contiguous(model_->forward(step));
  for (const nn::Slice& slice : step.slices) slice.cache->advance(slice.count);
  for (const StepPlan::Row& row : plan.rows) {
    Sequence& sequence = *sequences_[row.sequence];
    sequence.reached = std::max(sequence.reached, sequence.fed());
    prefixes_.keep(sequence);
    if (sequence.tells_progress && sequence.output.empty() &&
        sequence.fed() < sequence.prompt_tokens())
      output.progress.push_back({sequence.request, sequence.fed(), sequence.cached_tokens});
  }
  std::vector<mx::array> results = memory_->take_unevaluated();
  results.push_back(logits);
  mx::eval(results);
  step_cost_.observe(step.rows(),
                     static_cast<double>(microseconds_between(begin, Clock::now())) / 1000);
  if (unwanted) return;
  const auto vocabulary = static_cast<std::size_t>(logits.shape(1));
  float* values = logits.data<float>();
  std::vector<std::variant<Sampled, Error>> sampled(wanting.size());
  backend_->share(static_cast<int>(wanting.size()), [&](int i) {
    const auto at = static_cast<std::size_t>(i);
    const Sequence& s = *wanting[at];
    try {
      auto allowed = s.constraint ? s.constraint->mask() : std::span<const std::uint32_t>();
      TokenMask own;
      if (const auto forced = s.forced())
        allowed = own = only(*forced);
      else if (const auto refused = s.refused())
        allowed = own = all_but(*refused, allowed, vocabulary);
      sampled[at] = sample_token({values + at * vocabulary, vocabulary}, s.counts, s.sampling,
                                 s.seed, s.output.size(), allowed);
    } catch (const Error& error) {
      sampled[at] = error;
    }
  });
  for (std::size_t i = 0; i < wanting.size(); ++i) {
    if (const auto* error = std::get_if<Error>(&sampled[i])) {
      end(*wanting[i], FinishReason::kError, output,
          wire::Failure{error->code(), error->what(), error->field()});
    } else {
      take_token(*wanting[i], std::move(std::get<Sampled>(sampled[i])), output);
    }
  }
}

void ModelRunner::take_token(Sequence& sequence, Sampled sampled, StepOutput& output) {
  const Instant now = Clock::now();
  if (!sequence.first_token) {
    sequence.first_token = now;
    for (auto& features : sequence.features) features.reset();  // they are in the cache now
  }
  sequence.last_token = now;
  sampled.token = lied(fault_, sampled.token, said_++);
  sequence.output.push_back(sampled.token);
  sequence.counts.add_output(sampled.token);
  if (sequence.thought) sequence.thought->take(sampled.token);
  const auto over = sequence.over();
  output.tokens.push_back({sequence.request, std::move(sampled), over == FinishReason::kStop});
  if (over) return end(sequence, *over, output);
  if (!sequence.constraint) return;
  sequence.constraint->take(sequence.output.back());
  if (mask_workers_) sequence.constraint->compute_by(*mask_workers_);
}

void ModelRunner::end(Sequence& sequence, FinishReason reason, StepOutput& output,
                      std::optional<wire::Failure> failure) {
  SequenceEnd end;
  end.request = sequence.request;
  end.reason = reason;
  end.failure = std::move(failure);
  end.usage.prompt_tokens = static_cast<int>(sequence.prompt.tokens.size());
  end.usage.cached_tokens = sequence.cached_tokens;
  end.usage.image_tokens = sequence.image_tokens;
  end.usage.completion_tokens = static_cast<int>(sequence.output.size());
  if (sequence.thought) end.usage.reasoning_tokens = sequence.thought->tokens();
  const Instant now = Clock::now();
  const Instant started = sequence.started.value_or(now);
  end.timings.queue_us = microseconds_between(sequence.received, started);
  end.timings.vision_us = sequence.vision_us;
  end.timings.prefill_us =
      microseconds_between(started, sequence.first_token.value_or(now)) - sequence.vision_us;
  if (sequence.first_token) {
    end.timings.decode_us = microseconds_between(*sequence.first_token, sequence.last_token);
  }
  preempt(sequence);
  output.ended.push_back(std::move(end));
  sequence.request.clear();  // marks it for drop_ended
}

void ModelRunner::drop_ended() {
  std::erase_if(sequences_, [](const auto& sequence) { return sequence->request.empty(); });
}

}  // namespace sanctum::engine
