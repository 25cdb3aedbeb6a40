#include "settings/find_models.h"

#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "base/error.h"

namespace sanctum::settings {
namespace {

using supervisor::FoundModel;

// What crosses from one thread to another are words, not the exception: nobody could say which of
// the two frees it.
struct Refusal {
  ErrorCode code;
  std::string message, field;
};
using Found = std::variant<FoundModel, Refusal>;

Found look(const std::string& name, const FindModel& find) {
  try {
    return find(name);
  } catch (const Error& error) {
    return Refusal{error.code(), error.what(), error.field()};
  }
}

// Of one name, on a thread of its own: it may be on a mount that never answers.
FoundModel found_by(const std::string& name, const FindModel& find, Instant until,
                    std::chrono::milliseconds limit) {
  std::packaged_task<Found()> task([name, find] { return look(name, find); });
  std::future<Found> found = task.get_future();
  std::thread(std::move(task)).detach();
  if (found.wait_until(until) == std::future_status::ready) {
    Found answer = found.get();
    if (auto* request = std::get_if<FoundModel>(&answer)) return std::move(*request);
    const auto& refusal = std::get<Refusal>(answer);
    throw Error(refusal.code, refusal.message, refusal.field);
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
  throw Error(ErrorCode::kDeadline,
              "looking for the model '" + name + "' did not end within " + std::to_string(seconds) +
                  " s: is it on a disk or a network mount that does not answer?",
              "models");
}

}  // namespace

std::vector<supervisor::FoundModel> find_models(const std::vector<std::string>& names,
                                                const FindModel& find,
                                                std::chrono::milliseconds limit) {
  const Instant until = Clock::now() + limit;
  std::vector<FoundModel> all;
  all.reserve(names.size());
  for (const auto& name : names) {
    FoundModel next = found_by(name, find, until, limit);
    for (const FoundModel& other : all) {
      if (other.model != next.model) continue;
      throw Error(ErrorCode::kInvalid,
                  "two models would be called '" + next.model + "': " + other.path + " and " +
                      next.path + "; give one of them a name of its own: OTHER=" + next.path,
                  "models");
    }
    all.push_back(std::move(next));
  }
  return all;
}

}  // namespace sanctum::settings
