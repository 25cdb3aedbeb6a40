#include "engine/requests.h"

#include <algorithm>
#include <random>

#include "base/error.h"
#include "base/invariant.h"
#include "engine/failure_of.h"

namespace sanctum::engine {
namespace {

std::uint64_t draw_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

// Why `bytes` more cannot be held beside the `held`.
std::optional<wire::Failure> too_large(std::uint64_t bytes, std::uint64_t held,
                                       std::uint64_t bytes_max) {
  if (bytes > bytes_max) {
    return wire::Failure{ErrorCode::kInvalid,
                         "the request's texts and pictures take " + std::to_string(bytes) +
                             " bytes; the engine holds " + std::to_string(bytes_max) +
                             " for all requests",
                         "messages"};
  }
  if (held + bytes <= bytes_max) return std::nullopt;
  return wire::Failure{ErrorCode::kBusy,
                       "the texts and pictures of live requests fill the " +
                           std::to_string(bytes_max) + " bytes that the engine holds for them",
                       ""};
}

}  // namespace

Requests::Requests(RequestLimits limits, ModelTable& models, TextPool& pool, DeviceThread& device,
                   OutputWorker& output, RequestHooks hooks, wire::Heartbeat* heartbeat)
    : limits_(limits),
      models_(models),
      pool_(pool),
      device_(device),
      output_(output),
      hooks_(std::move(hooks)),
      heartbeat_(heartbeat),
      deadlines_([this] { watch_deadlines(); }) {}

void Requests::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (deadlines_.joinable()) deadlines_.join();
}

void Requests::generate(const std::string& rpc_id, wire::GenerateRequest request) {
  const std::string name = request.request;
  const Turn turn = request.reserved ? Turn::kReserved : Turn::kText;
  {
    std::lock_guard lock(mutex_);
    std::optional<wire::Failure> failure;
    const std::uint64_t bytes = bytes_of(request);
    if (live_.count(name) != 0) {
      failure = {ErrorCode::kInvalid, "request '" + name + "' is live already", "request"};
    } else if (!request.again) {
      failure = no_room_for(request, bytes);
    }
    if (failure) return hooks_.refused(rpc_id, *failure);
    live_[name] = {request.model, rpc_id,           Clock::now(),  false,
                   false,         request.reserved, request.again, bytes};
    if (!request.reserved) bytes_ += bytes;
    count_live();
  }
  pool_.run(turn, [this, request = std::move(request)]() mutable { prepare(std::move(request)); });
}

std::optional<wire::Failure> Requests::no_room_for(const wire::GenerateRequest& request,
                                                   std::uint64_t bytes) const {
  const auto alike = std::count_if(live_.begin(), live_.end(), [&](const auto& live) {
    return live.second.reserved == request.reserved;
  });
  if (!switches_.vision && !request.images.empty())
    return wire::Failure{ErrorCode::kUnavailable, "pictures are switched off on this server",
                         request.image_paths.empty() ? "messages" : request.image_paths.front()};
  if (switches_.admission && alike >= (request.reserved ? kReservedMax : limits_.live_max))
    return wire::Failure{
        ErrorCode::kBusy,
        "the engine holds " + std::to_string(limits_.live_max) + " requests, its limit", ""};
  return request.reserved ? std::nullopt : too_large(bytes, bytes_, limits_.bytes_max);
}

void Requests::prepare(wire::GenerateRequest request) {
  const std::string name = request.request;
  const std::string model = request.model;
  const wire::TextWork work(heartbeat_, name);
  const auto preparing = std::make_shared<Preparing>();
  try {
    // So that neither model_settled nor cancel can come between the look and the wait.
    std::lock_guard lock(mutex_);
    if (live_.at(name).cancelled) throw Error(ErrorCode::kCancelled, "the request was cancelled");
    if (models_.acquire(request.model, preparing->text) == ModelTable::Lease::kLoading) {
      const int wait_ms = request.ready_timeout_ms > 0 ? request.ready_timeout_ms : kReadyTimeoutMs;
      waiting_.push_back(
          {name, std::move(request), Clock::now() + std::chrono::milliseconds(wait_ms)});
      count_live();
      changed_.notify_all();
      return;
    }
  } catch (const std::exception& error) {
    wire::Failure failure = failure_of(error);
    // One that had begun waits for what may come back, and for nothing else.
    if (request.again && models_.failed_for_good(model)) {
      failure.code = ErrorCode::kCorrupt;
      failure.field = "model";
    }
    return refuse(name, failure);
  }
  try {
    if (!request.resume_ids.empty() && !request.files.empty() &&
        request.files != preparing->text->files())
      throw Error(ErrorCode::kCorrupt,
                  "the files of '" + model + "' have changed since this answer began: ask again",
                  "model");
    if (!request.sampling.seed) request.sampling.seed = draw_seed();
    preparing->preparation = preparing->text->begin(std::move(request));
    read_pictures(preparing);
  } catch (const std::exception& error) {
    give_up(name, model, error);
  }
}

void Requests::read_pictures(const std::shared_ptr<Preparing>& preparing) {
  const wire::GenerateRequest& request = preparing->preparation.request;
  hold(request.request, preparing->preparation.bytes());
  if (preparing->preparation.prompt->pictures_left() == 0) return start(*preparing);
  pool_.run(request.reserved ? Turn::kReserved : Turn::kPicture, [this, preparing] {
    const std::string name = preparing->preparation.request.request;
    const std::string model = preparing->preparation.request.model;
    const wire::TextWork work(heartbeat_, name);
    try {
      hold(name, preparing->preparation.bytes());
      preparing->preparation.prompt->read_picture();
      read_pictures(preparing);
    } catch (const std::exception& error) {
      give_up(name, model, error);
    }
  });
}

void Requests::hold(const std::string& request, std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  Live& live = live_.at(request);
  if (live.cancelled) throw Error(ErrorCode::kCancelled, "the request was cancelled");
  if (!live.reserved) {
    if (bytes > live.bytes && !live.again) {
      if (const auto failure = too_large(bytes, bytes_ - live.bytes, limits_.bytes_max))
        throw Error(failure->code, failure->message, failure->field);
    }
    bytes_ += bytes;
    bytes_ -= live.bytes;
  }
  live.bytes = bytes;
}

void Requests::start(Preparing& preparing) {
  const wire::GenerateRequest& request = preparing.preparation.request;
  std::unique_ptr<Sequence> sequence = preparing.text->finish(preparing.preparation);
  wire::Accepted accepted;
  accepted.request = request.request;
  accepted.prompt_tokens = static_cast<int>(sequence->prompt.tokens.size());
  accepted.image_tokens = sequence->image_tokens;
  accepted.seed = *request.sampling.seed;
  accepted.files = preparing.text->files();
  accepted.context_tokens = preparing.text->context_tokens();
  accepted.ignored = preparing.preparation.ignored;
  if (request.count_only) return count(accepted);
  auto stream = std::make_unique<OutputStream>(request.request, preparing.text, request,
                                               preparing.preparation.starts_in_reasoning);
  stream->resume(request.resume_ids, sequence->end_ids);
  const bool stopped = stream->stopped();
  hold(request.request, bytes_of(*sequence));

  std::lock_guard lock(mutex_);
  Live& live = live_.at(request.request);
  if (live.cancelled) throw Error(ErrorCode::kCancelled, "the request was cancelled");
  sequence->received = live.received;
  hooks_.accepted(live.rpc_id, accepted);
  output_.open(request.request, std::move(stream));
  live.on_device = true;
  device_.submit(request.model, std::move(sequence));
  if (stopped) device_.cancel(request.request);
}

void Requests::count(const wire::Accepted& accepted) {
  wire::Completed counted;
  counted.request = accepted.request;
  counted.usage.prompt_tokens = accepted.prompt_tokens;
  counted.usage.image_tokens = accepted.image_tokens;
  {
    std::lock_guard lock(mutex_);
    hooks_.accepted(live_.at(accepted.request).rpc_id, accepted);
  }
  completed(counted);
}

void Requests::give_up(const std::string& request, const std::string& model,
                       const std::exception& error) {
  if (models_.release(model)) hooks_.last_lease_returned(model);
  refuse(request, failure_of(error));
}

void Requests::refuse(const std::string& request, const wire::Failure& failure) {
  const Live live = leave(request);
  hooks_.refused(live.rpc_id, failure);
  left();
}

Requests::Live Requests::leave(const std::string& request) {
  std::lock_guard lock(mutex_);
  auto live = live_.extract(request);
  SANCTUM_INVARIANT(!live.empty(), "a request ends once");
  if (!live.mapped().reserved) bytes_ -= live.mapped().bytes;
  count_live();
  ++leaving_;
  return std::move(live.mapped());
}

void Requests::count_live() {
  if (heartbeat_ != nullptr)
    heartbeat_->in_flight = static_cast<std::uint32_t>(live_.size() - waiting_.size());
}

void Requests::left() {
  {
    std::lock_guard lock(mutex_);
    --leaving_;
  }
  if (idle()) hooks_.idle();
}

bool Requests::cancel(const std::string& request) {
  std::lock_guard lock(mutex_);
  const auto found = live_.find(request);
  if (found == live_.end()) return false;
  found->second.cancelled = true;
  if (found->second.on_device) device_.cancel(request);
  for (Waiting& waiting : waiting_) {
    if (waiting.request == request) waiting.deadline = Clock::now();
  }
  changed_.notify_all();
  return true;
}

void Requests::cancel_all() {
  std::vector<std::string> names;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, live] : live_) names.push_back(name);
  }
  for (const std::string& name : names) cancel(name);
}

void Requests::completed(const wire::Completed& completed) {
  const Live live = leave(completed.request);
  hooks_.completed(completed);
  if (models_.release(live.model)) hooks_.last_lease_returned(live.model);
  left();
}

void Requests::model_settled(const std::string& model) {
  std::lock_guard lock(mutex_);
  const auto mine = [&](const Waiting& waiting) { return waiting.generate.model == model; };
  for (Waiting& waiting : waiting_) {
    if (!mine(waiting)) continue;
    const Turn turn = waiting.generate.reserved ? Turn::kReserved : Turn::kText;
    pool_.run(turn, [this, request = std::move(waiting.generate)]() mutable {
      prepare(std::move(request));
    });
    waiting.generate.model = model;  // still matched below: the move took the name along
  }
  std::erase_if(waiting_, mine);
  count_live();
}

void Requests::set_switches(const wire::Switches& switches) {
  std::lock_guard lock(mutex_);
  switches_ = switches;
}

bool Requests::idle() const {
  std::lock_guard lock(mutex_);
  return live_.empty() && leaving_ == 0;
}

void Requests::watch_deadlines() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::min_element(
        waiting_.begin(), waiting_.end(),
        [](const Waiting& a, const Waiting& b) { return a.deadline < b.deadline; });
    if (next == waiting_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (Clock::now() < next->deadline) {
      changed_.wait_until(lock, Instant(next->deadline));
      continue;
    }
    const std::string request = next->request;
    const std::string model = next->generate.model;
    const bool cancelled = live_.at(request).cancelled;
    waiting_.erase(next);
    lock.unlock();
    refuse(request,
           cancelled
               ? wire::Failure{ErrorCode::kCancelled, "the request was cancelled", ""}
               : wire::Failure{ErrorCode::kDeadline,
                               "'" + model + "' was still loading when the wait for it ran out",
                               "ready_timeout_ms"});
    lock.lock();
  }
}

}  // namespace sanctum::engine
