#include "engine/model_runner.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

// The pictures of `sequence` whose tokens fall into its next `count` prompt tokens, as rows of the
// step whose first row for this sequence is `first_row`.
void add_visual_rows(const Sequence& sequence, int count, int first_row, models::Step& step) {
  const int begin = sequence.prefilled;
  const int end = begin + count;
  for (std::size_t i = 0; i < sequence.prompt.images.size(); ++i) {
    const models::PromptImage& image = sequence.prompt.images[i];
    const int first = std::max(begin, image.first);
    const int last = std::min(end, image.first + image.count);
    if (first >= last) continue;
    step.visuals.push_back(
        {first_row + first - begin, last - first, &sequence.features[i], first - image.first});
  }
}

// Appends the sequence's rows to the step; says whether they give a token.
bool add_rows(Sequence& sequence, int count, models::Step& step) {
  const int first_row = static_cast<int>(step.tokens.size());
  bool gives_token = true;
  if (sequence.prompt_left() > 0) {
    add_visual_rows(sequence, count, first_row, step);
    const auto begin = sequence.prefilled;
    step.tokens.insert(step.tokens.end(), sequence.prompt.tokens.begin() + begin,
                       sequence.prompt.tokens.begin() + begin + count);
    step.positions.insert(step.positions.end(), sequence.prompt.positions.begin() + begin,
                          sequence.prompt.positions.begin() + begin + count);
    gives_token = count == sequence.prompt_left();
  } else {
    const int position =
        sequence.prompt.next_position + static_cast<int>(sequence.output.size()) - 1;
    step.tokens.push_back(sequence.output.back());
    step.positions.push_back({position, position, position});
  }
  step.slices.push_back({first_row, count, &*sequence.cache});
  if (gives_token) step.logits_rows.push_back(first_row + count - 1);
  return gives_token;
}

}  // namespace

void ModelRunner::submit(std::unique_ptr<Sequence> sequence) {
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

int ModelRunner::running() const {
  return static_cast<int>(std::count_if(sequences_.begin(), sequences_.end(),
                                        [](const auto& s) { return s->cache.has_value(); }));
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

std::vector<SequenceState> ModelRunner::states() const {
  std::vector<SequenceState> out;
  out.reserve(sequences_.size());
  for (const auto& s : sequences_)
    out.push_back({s->cache.has_value(), s->images_to_encode(), s->prompt_left()});
  return out;
}

StepOutput ModelRunner::step() {
  StepOutput output;
  for (auto& sequence : sequences_) {
    if (sequence->cancelled) end(*sequence, "cancelled", output);
  }
  drop_ended();
  const StepPlan plan = plan_step(states(), limits_);
  for (const std::size_t i : plan.admit) {
    sequences_[i]->cache.emplace(model_->traits().layers);
    sequences_[i]->started = Clock::now();
    if (sequences_[i]->sampling.repetition_penalty != 1)
      sequences_[i]->counts.add_prompt(sequences_[i]->prompt.tokens);
  }
  if (plan.encode_image) encode_next_image(*sequences_[*plan.encode_image]);
  if (!plan.rows.empty()) run_rows(plan, output);
  drop_ended();
  return output;
}

void ModelRunner::encode_next_image(Sequence& sequence) {
  const Instant begin = Clock::now();
  models::VisualFeatures features =
      model_->encode(sequence.prompt.images[sequence.features.size()].patches);
  std::vector<mx::array> arrays = features.deepstack;
  arrays.push_back(features.embeddings);
  mx::eval(arrays);
  sequence.features.push_back(std::move(features));
  sequence.vision_us += microseconds_between(begin, Clock::now());
}

void ModelRunner::run_rows(const StepPlan& plan, StepOutput& output) {
  models::Step step;
  std::vector<Sequence*> wanting;
  for (const StepPlan::Row& row : plan.rows) {
    Sequence& sequence = *sequences_[row.sequence];
    if (add_rows(sequence, row.tokens, step)) wanting.push_back(&sequence);
  }
  // Without a row that wants logits the caches still have to be filled: ask for the last row's.
  const bool unwanted = step.logits_rows.empty();
  if (unwanted) step.logits_rows.push_back(static_cast<int>(step.tokens.size()) - 1);
  mx::array logits = mx::contiguous(model_->forward(step));
  mx::eval(logits);
  for (const StepPlan::Row& row : plan.rows) {
    Sequence& sequence = *sequences_[row.sequence];
    if (sequence.prompt_left() > 0) sequence.prefilled += row.tokens;
    SANCTUM_INVARIANT(
        sequence.cache->length() == sequence.prefilled + static_cast<int>(sequence.output.size()),
        "a cache holds what was fed to it");
  }
  if (unwanted) return;
  const auto vocabulary = static_cast<std::size_t>(logits.shape(1));
  float* values = logits.data<float>();
  for (std::size_t i = 0; i < wanting.size(); ++i) {
    take_logits(*wanting[i], {values + i * vocabulary, vocabulary}, output);
  }
}

void ModelRunner::take_logits(Sequence& sequence, std::span<float> logits, StepOutput& output) {
  Sampled sampled;
  try {
    sampled = sample_token(logits, sequence.counts, sequence.sampling, sequence.seed,
                           sequence.output.size());
  } catch (const Error& error) {
    end(sequence, "error", output, wire::Failure{error.code(), error.what(), error.field()});
    return;
  }
  const Instant now = Clock::now();
  if (!sequence.first_token) {
    sequence.first_token = now;
    sequence.prompt.images.clear();  // pixels and features are in the cache now
    sequence.features.clear();
  }
  sequence.last_token = now;
  sequence.output.push_back(sampled.token);
  sequence.counts.add_output(sampled.token);
  const bool ended = std::find(sequence.end_ids.begin(), sequence.end_ids.end(), sampled.token) !=
                     sequence.end_ids.end();
  output.tokens.push_back({sequence.request, std::move(sampled), ended});
  if (ended) {
    end(sequence, "stop", output);
  } else if (static_cast<int>(sequence.output.size()) >= sequence.tokens_max) {
    end(sequence, "length", output);
  }
}

void ModelRunner::end(Sequence& sequence, const std::string& reason, StepOutput& output,
                      std::optional<wire::Failure> failure) {
  SequenceEnd end;
  end.request = sequence.request;
  end.reason = reason;
  end.failure = std::move(failure);
  end.usage.prompt_tokens = static_cast<int>(sequence.prompt.tokens.size());
  end.usage.image_tokens = sequence.image_tokens;
  end.usage.completion_tokens = static_cast<int>(sequence.output.size());
  const Instant now = Clock::now();
  const Instant started = sequence.started.value_or(now);
  end.timings.queue_us = microseconds_between(sequence.received, started);
  end.timings.vision_us = sequence.vision_us;
  end.timings.prefill_us =
      microseconds_between(started, sequence.first_token.value_or(now)) - sequence.vision_us;
  if (sequence.first_token) {
    end.timings.decode_us = microseconds_between(*sequence.first_token, sequence.last_token);
  }
  output.ended.push_back(std::move(end));
  sequence.request.clear();  // marks it for drop_ended
}

void ModelRunner::drop_ended() {
  std::erase_if(sequences_, [](const auto& sequence) { return sequence->request.empty(); });
}

StepOutput ModelRunner::fail_all(const wire::Failure& failure) {
  StepOutput output;
  for (auto& sequence : sequences_) end(*sequence, "error", output, failure);
  drop_ended();
  return output;
}

}  // namespace sanctum::engine
