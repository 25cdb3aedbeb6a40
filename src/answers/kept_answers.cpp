#include "answers/kept_answers.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "answers/answer_table.h"
#include "base/log.h"
#include "database/database_file.h"

namespace sanctum::answers {
namespace {

using gateway::KeptAnswer;

constexpr std::int64_t kDayS = 86400;
constexpr std::chrono::hours kTendEvery{1};
constexpr const char* kFile = "/responses.db";

// Of two JSON arrays, the items of the second behind those of the first.
void append_items(std::string& all, const std::string& more) {
  if (more.size() <= 2) return;  // []
  all.pop_back();
  all += (all.size() > 1 ? "," : "") + more.substr(1);
}

}  // namespace

class KeptAnswers::Keeper {
 public:
  // `work` is called with the database; `refused` where there is none, or the disk refused.
  struct Call {
    std::function<void(SQLite::Database&)> work;
    std::function<void(const wire::Failure&)> refused;
    std::size_t bytes = 0;  // that it holds while it waits
  };

  Keeper(const std::string& path, KeptLimits limits,
         std::function<void(const std::string&)> damaged)
      : limits_(limits), path_(path), damaged_(std::move(damaged)), file_(path, make_answer_table) {
    thread_ = std::thread([this] { work(); });
  }
  ~Keeper() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void call(Call call) {
    {
      const std::lock_guard lock(mutex_);
      if (calls_.size() < kCallsMax && bytes_ + call.bytes <= kCallsBytesMax) {
        bytes_ += call.bytes;
        calls_.push_back(std::move(call));
        changed_.notify_all();
        return;
      }
    }
    call.refused({ErrorCode::kBusy, "too many requests wait for what is kept", {}});
  }

  // On its thread: an answer, and room for it.
  void insert(SQLite::Database& database, const KeptAnswer& answer) {
    SQLite::Transaction transaction(database);
    insert_answer(database, answer);
    prune(database);
    transaction.commit();
  }

 private:
  // What is too old goes also when nobody asks anything; the first time looks at the whole file,
  // which no client should wait for.
  void work() {
    const Call tend{[this](SQLite::Database& database) { prune(database); },
                    [](const wire::Failure&) {}};
    handle(tend);
    std::unique_lock lock(mutex_);
    while (true) {
      if (!changed_.wait_for(lock, kTendEvery, [this] { return stopping_ || !calls_.empty(); })) {
        lock.unlock();
        handle(tend);
        lock.lock();
        continue;
      }
      if (calls_.empty()) return;
      const Call call = std::move(calls_.front());
      calls_.pop_front();
      bytes_ -= call.bytes;
      lock.unlock();
      handle(call);
      lock.lock();
    }
  }

  void prune(SQLite::Database& database) const {
    prune_answers(database, limits_.bytes_max, std::time(nullptr) - limits_.days_max * kDayS);
  }

  void handle(const Call& call) {
    try {
      if (!file_.is_current()) open();
      call.work(*file_.database());
      report({});
    } catch (const SQLite::Exception& error) {
      if (database::is_damage(error)) file_.close();  // the next call looks at it as a whole
      refuse(call, error.what());
    } catch (const std::exception& error) {  // no memory, a directory that is gone
      refuse(call, error.what());
    }
  }

  void open() {
    file_.open();
    const std::string moved_to = file_.take_moved_to();
    if (!moved_to.empty() && damaged_) damaged_(moved_to);
  }

  void refuse(const Call& call, const std::string& why) {
    report(why);
    call.refused({ErrorCode::kUnavailable, "what is kept cannot be reached: " + why, {}});
  }

  void report(const std::string& why) {
    if (std::exchange(in_trouble_, !why.empty()) == !why.empty()) return;
    if (why.empty())
      log::info("answers_kept_again", {{"file", path_}});
    else
      log::error("answers_cannot_be_kept", {{"file", path_}, {"error", why}});
  }

  const KeptLimits limits_;
  const std::string path_;
  const std::function<void(const std::string&)> damaged_;
  // The thread's:
  database::DatabaseFile file_;
  bool in_trouble_ = false;

  std::mutex mutex_;  // guards what is below
  std::condition_variable changed_;
  std::deque<Call> calls_;
  std::size_t bytes_ = 0;  // that they hold
  bool stopping_ = false;
  std::thread thread_;
};

KeptAnswers::KeptAnswers(const std::string& state_directory, KeptLimits limits,
                         std::function<void(const std::string&)> damaged)
    : bytes_max_(std::min<std::uint64_t>(limits.bytes_max, gateway::kAnswerBytesMax)),
      keeper_(std::make_unique<Keeper>(state_directory + kFile, limits, std::move(damaged))) {}
KeptAnswers::~KeptAnswers() = default;

void KeptAnswers::keep(KeptAnswer answer, std::function<void(bool kept)> done) {
  const std::size_t bytes = answer.input.size() + answer.output.size() + answer.object.size();
  if (bytes > bytes_max_) return done(false);
  keeper_->call({[this, answer = std::move(answer), done](SQLite::Database& database) {
                   keeper_->insert(database, answer);
                   done(true);
                 },
                 [done](const wire::Failure&) { done(false); }, bytes});
}

void KeptAnswers::forget(const std::string& state_directory) {
  database::remove_database(state_directory + kFile);
}

void KeptAnswers::find(const std::string& id, const std::string& owner,
                       gateway::Answered<std::optional<KeptAnswer>> done) {
  keeper_->call({[=](SQLite::Database& database) { done({}, find_answer(database, id, owner)); },
                 [done](const wire::Failure& failure) { done(failure, {}); }});
}

void KeptAnswers::conversation(const std::string& id, const std::string& owner,
                               gateway::Answered<std::string> done) {
  keeper_->call({[=](SQLite::Database& database) {
                   const Conversation found = conversation_up_to(database, id, owner);
                   if (!found.missing.empty())
                     return done(
                         wire::Failure{ErrorCode::kNotFound,
                                       "the response '" + found.missing + "' is not kept here" +
                                           (found.missing == id ? "" : " any more"),
                                       "previous_response_id"},
                         {});
                   if (found.too_long)
                     return done(wire::Failure{ErrorCode::kTooLong,
                                               "the conversation is longer than what is read back",
                                               "previous_response_id"},
                                 {});
                   std::string items = "[]";
                   for (const KeptAnswer& answer : found.answers) {
                     append_items(items, answer.input);
                     append_items(items, answer.output);
                   }
                   done({}, items);
                 },
                 [done](const wire::Failure& failure) { done(failure, {}); }});
}

void KeptAnswers::remove(const std::string& id, const std::string& owner,
                         gateway::Answered<bool> done) {
  keeper_->call({[=](SQLite::Database& database) { done({}, remove_answer(database, id, owner)); },
                 [done](const wire::Failure& failure) { done(failure, false); }});
}

}  // namespace sanctum::answers
