#include "engine/output_worker.h"

#include "base/invariant.h"

namespace sanctum::engine {

OutputWorker::OutputWorker(OutputHooks hooks)
    : hooks_(std::move(hooks)), thread_([this] { run(); }) {}

void OutputWorker::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void OutputWorker::open(const std::string& request, std::unique_ptr<OutputStream> stream) {
  std::lock_guard lock(mutex_);
  streams_[request] = std::move(stream);
}

void OutputWorker::push(std::uint64_t step, StepOutput output) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back({step, std::move(output)});
  }
  changed_.notify_all();
}

bool OutputWorker::has_room() const {
  std::lock_guard lock(mutex_);
  return queue_.size() < kStepsQueuedMax;
}

void OutputWorker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const bool was_full = queue_.size() >= kStepsQueuedMax;
    Queued queued = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    handle(queued);
    if (was_full) hooks_.room();
    lock.lock();
  }
}

void OutputWorker::handle(const Queued& queued) {
  // A stream's pointer stays valid without the lock: only this thread removes streams.
  const auto find = [&](const std::string& request) {
    std::lock_guard lock(mutex_);
    const auto found = streams_.find(request);
    SANCTUM_INVARIANT(found != streams_.end(), "output for a request that nobody opened");
    return found->second.get();
  };
  wire::TokensFrame frame;
  frame.step = queued.step;
  for (const PromptProgress& progress : queued.output.progress) {
    wire::RowDelta row;
    row.request = progress.request;
    row.prompt_done = progress.done;
    row.prompt_cached = progress.cached;
    frame.rows.push_back(std::move(row));
  }
  for (const TokenOutput& token : queued.output.tokens) {
    OutputStream* stream = find(token.request);
    const bool was_stopped = stream->stopped();
    wire::RowDelta delta = stream->push(token);
    if (!was_stopped && stream->stopped()) hooks_.stop_request(token.request);
    if (!delta.ids.empty()) frame.rows.push_back(std::move(delta));
  }
  std::vector<wire::Completed> completed;
  for (const SequenceEnd& end : queued.output.ended) {
    completed.push_back(find(end.request)->finish(end));
    std::lock_guard lock(mutex_);
    streams_.erase(end.request);
  }
  if (!frame.rows.empty()) hooks_.send_tokens(frame);
  for (const wire::Completed& one : completed) hooks_.send_completed(one);
}

}  // namespace sanctum::engine
