#include "serve/fallback_server.h"

#include <csignal>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "client/http.h"
#include "gateway/api_error.h"
#include "gateway/sse.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kAnswerLimit{600};
constexpr seconds kSilenceLimit{120};
constexpr milliseconds kAliveLimit{2000};
constexpr milliseconds kLookEvery{200};
constexpr std::size_t kUnreadBytesMax = 8u << 20;  // of a stream whose client does not read
constexpr const char* kShell = "/bin/sh";

// `told`: what any request asks the other for; empty: what it asked us for, or what that meant here
// (`meant`), for another server may have several models.
std::string with_model(const std::string& body, const std::string& told, const std::string& meant) {
  const json::Document document(body);
  if (told.empty() && document.root().has("model")) return body;
  json::Writer w;
  w.begin_object().field("model", told.empty() ? meant : told);
  for (const auto& [key, value] : document.root().members())
    if (key != "model") w.key(key).raw(value.dump());
  return w.end_object().take();
}

bool answers(const client::Endpoint& endpoint, const std::atomic<bool>& gone) {
  client::Connection connection(endpoint);
  const auto reply =
      connection.send({"GET", "/v1/models"}, {kAliveLimit, kAliveLimit, kAliveLimit}, &gone);
  return reply.ending == client::Ending::kAnswered && reply.status == 200;
}

}  // namespace

// What a request's thread and the exchange's strand share.
struct FallbackServer::Forward {
  std::shared_ptr<gateway::Exchange> exchange;
  gateway::ForwardedRequest request;
  std::string served_by;
  std::atomic<bool> gone{false};
  std::atomic<std::size_t> unread{0};
  bool streaming = false;  // the strand's

  gateway::HttpResponse head(int status) const {
    gateway::HttpResponse response;
    response.status = status;
    response.headers.emplace_back("X-Sanctum-Served-By", served_by);
    return response;
  }
};

FallbackServer::FallbackServer(FallbackOptions options, News news)
    : options_(std::move(options)), news_(std::move(news)) {}

FallbackServer::~FallbackServer() {
  end();
}

void FallbackServer::end() {
  std::list<Answering> left;
  {
    const std::lock_guard lock(answering_mutex_);
    ending_ = true;
    for (const auto& answering : answering_) answering.forward->gone = true;
    left.splice(left.end(), answering_);
  }
  for (auto& answering : left) answering.thread.join();
}

void FallbackServer::kill() const {
  if (const int pid = pid_; pid > 0) ::kill(-pid, SIGKILL);
}

void FallbackServer::process_is(int pid) {
  pid_ = pid;
  if (news_.process) news_.process(pid);
}

void FallbackServer::reap() {
  answering_.remove_if([](Answering& answering) {
    if (answering.over) answering.thread.join();
    return answering.over;
  });
}

bool FallbackServer::answers_instead(gateway::Refusal refusal) {
  supervisor::FallbackDecision decision;
  {
    const std::lock_guard lock(mutex_);
    decision = supervisor::on_request(state_, refusal == gateway::Refusal::kParked,
                                      refusal == gateway::Refusal::kModel, Clock::now());
  }
  tell(decision, {});
  return decision.forward;
}

void FallbackServer::proven(Instant when) {
  supervisor::FallbackDecision decision;
  {
    const std::lock_guard lock(mutex_);
    decision = supervisor::on_proof(state_, when);
  }
  tell(decision, "our engine was proven to work again");
}

void FallbackServer::set_mode(supervisor::FallbackMode mode) {
  supervisor::FallbackDecision decision;
  {
    const std::lock_guard lock(mutex_);
    decision = supervisor::on_mode(state_, mode);
    failure_.clear();
  }
  tell(decision, "it was switched off");
}

gateway::FallbackTold FallbackServer::told() const {
  const std::lock_guard lock(mutex_);
  const bool counts = Clock::now() - failed_at_ < kFailureCounts;
  return {where(), std::string(to_string(state_.mode)), state_.serving, counts ? failure_ : ""};
}

void FallbackServer::last_one_was(const std::string& failure) {
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  failed_at_ = Clock::now();
}

void FallbackServer::tell(const supervisor::FallbackDecision& decision, const std::string& how) {
  if (decision.began) news_.began(where());
  if (decision.ended) news_.ended(how);
}

void FallbackServer::forward(const std::shared_ptr<gateway::Exchange>& exchange,
                             gateway::ForwardedRequest request) {
  const auto forward = std::make_shared<Forward>();
  forward->exchange = exchange;
  forward->request = std::move(request);
  forward->served_by = where();
  const std::lock_guard lock(answering_mutex_);
  reap();
  if (ending_)
    return exchange->respond(
        gateway::error_response({ErrorCode::kUnavailable, "the server is shutting down", {}}));
  if (answering_.size() >= kForwardsMax)
    return exchange->respond(gateway::error_response(
        {ErrorCode::kBusy,
         "the fallback answers " + std::to_string(kForwardsMax) + " requests",
         {}}));
  exchange->on_gone([forward] { forward->gone = true; });
  exchange->on_writable({});
  Answering& answering = answering_.emplace_back();
  answering.forward = forward;
  // A list's elements stay where they are, also in another list.
  const auto all = [this, forward, &answering] {
    try {
      answer(forward);
      last_one_was({});
    } catch (const Error& error) {
      if (!forward->gone) last_one_was(error.what());
      forward->exchange->post([forward, message = std::string(error.what())] {
        if (forward->streaming) return forward->exchange->drop();
        forward->exchange->respond(gateway::error_response(502, message));
      });
    }
    const std::lock_guard done(answering_mutex_);
    answering.over = true;
  };
  try {
    answering.thread = std::thread(all);
  } catch (const std::system_error& error) {
    answering_.pop_back();
    exchange->respond(gateway::error_response(
        {ErrorCode::kBusy, std::string("the fallback has no thread: ") + error.what(), {}}));
  }
}

void FallbackServer::answer(const std::shared_ptr<Forward>& forward) {
  make_sure_it_runs(forward->gone);
  log::info("forwarded", {{"id", forward->exchange->id()}, {"to", where()}});
  client::HttpCall call{"POST", forward->request.path,
                        with_model(forward->request.body, options_.model, forward->request.model)};
  call.on_stream = [forward](std::string_view bytes) {
    forward->unread += bytes.size();
    if (forward->unread > kUnreadBytesMax) forward->gone = true;
    forward->exchange->post([forward, bytes = std::string(bytes)] {
      if (!std::exchange(forward->streaming, true)) {
        auto head = forward->head(200);
        head.content_type = gateway::kSseType;
        forward->exchange->start_stream(std::move(head));
      }
      forward->exchange->write(bytes);
      forward->unread -= bytes.size();
    });
  };
  client::Connection connection(options_.endpoint);
  const auto reply =
      connection.send(call, {kAliveLimit, kSilenceLimit, kAnswerLimit}, &forward->gone);
  if (reply.ending != client::Ending::kAnswered)
    throw Error(ErrorCode::kUnavailable,
                "the fallback " + where() + " does not answer: " + reply.message);
  forward->exchange->post([forward, reply] {
    if (forward->streaming) return forward->exchange->finish();
    auto response = forward->head(reply.status);
    response.body = reply.body;
    forward->exchange->respond(std::move(response));
  });
}

void FallbackServer::make_sure_it_runs(const std::atomic<bool>& gone) {
  if (options_.command.empty()) return;
  const std::lock_guard lock(starting_);
  if (answers(options_.endpoint, gone)) return;
  if (process_ && process_->wait(milliseconds(0))) {
    process_is(0);
    process_.reset();
  }
  if (!process_ && !gone) {
    log::info("fallback_starts", {{"command", options_.command}});
    process_ = std::make_unique<platform::Process>(
        platform::ProcessOptions{kShell, {"-c", "exec " + options_.command}, {}, {}});
    process_is(static_cast<int>(process_->pid()));
  }
  const Instant end = Clock::now() + options_.start_limit;
  while (!answers(options_.endpoint, gone)) {
    if (gone) throw Error(ErrorCode::kUnavailable, "nobody waits for the fallback any more");
    if (const auto status = process_->wait(kLookEvery))
      throw Error(ErrorCode::kUnavailable, "the fallback's command " + platform::describe(*status) +
                                               ": " + options_.command);
    if (Clock::now() > end)
      throw Error(ErrorCode::kDeadline, "the fallback did not answer within " +
                                            std::to_string(options_.start_limit.count()) +
                                            " s of its start");
  }
}

}  // namespace sanctum::serve
