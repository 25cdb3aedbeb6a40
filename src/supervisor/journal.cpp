#include "supervisor/journal.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/log.h"
#include "database/database_file.h"

namespace sanctum::supervisor {
namespace {

constexpr int kPruneEvery = 1000;  // entries
constexpr std::size_t kBatchMax = 500;

std::int64_t unix_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

struct Entry {
  std::int64_t at_us;
  JournalRow row;
};

}  // namespace

class Journal::Writer {
 public:
  Writer(const std::string& state_directory, std::function<void(const JournalTrouble&)> trouble)
      : path_(state_directory + "/journal.db"),
        trouble_(std::move(trouble)),
        file_(path_, make_tables) {
    try {
      file_.open();
    } catch (const SQLite::Exception&) {
      // Tried again with the first batch, and told then.
    }
    moved_aside = file_.take_moved_to();
    thread_ = std::thread([this] { write(); });
  }

  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void record(JournalRow row) {
    {
      const std::lock_guard lock(mutex_);
      if (pending_.size() >= kPendingMax) {
        pending_.pop_front();
        ++dropped_;
        ++settled_;
      }
      pending_.push_back({unix_us(), std::move(row)});
      ++recorded_;
    }
    changed_.notify_all();
  }

  bool flush(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    const std::uint64_t until = recorded_;
    return changed_.wait_for(lock, limit, [&] { return settled_ >= until; });
  }

  // The writer thread leaves the database alone as long as there is nothing to write.
  std::vector<RequestBegun> take_unanswered() {
    const std::lock_guard lock(mutex_);
    SANCTUM_INVARIANT(recorded_ == 0, "what is unanswered is asked for before the first record");
    try {
      if (file_.database() != nullptr) return supervisor::take_unanswered(*file_.database());
    } catch (const SQLite::Exception& error) {
      log::warn("journal_cannot_read", {{"file", path_}, {"error", error.what()}});
    }
    return {};
  }

  std::string moved_aside;

 private:
  void write() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
      if (pending_.empty()) return;
      const std::size_t count = std::min(pending_.size(), kBatchMax);
      const std::vector<Entry> batch(pending_.begin(),
                                     pending_.begin() + static_cast<std::ptrdiff_t>(count));
      const std::uint64_t dropped = dropped_;
      lock.unlock();
      const std::optional<std::string> failure = commit(batch);
      report(failure);
      lock.lock();
      if (!failure) {
        // Some of them may have been let go meanwhile to make room.
        const std::size_t left = count - std::min<std::size_t>(count, dropped_ - dropped);
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(left));
        settled_ += left;
        changed_.notify_all();
        continue;
      }
      if (stopping_) return;
      changed_.wait_for(lock, kRetryEvery, [this] { return stopping_; });
    }
  }

  std::optional<std::string> commit(const std::vector<Entry>& batch) {
    try {
      if (!file_.is_current()) open();
      SQLite::Database& database = *file_.database();
      SQLite::Transaction transaction(database);
      for (const Entry& entry : batch) insert(database, entry.at_us, entry.row);
      since_pruned_ += static_cast<int>(batch.size());
      if (since_pruned_ >= kPruneEvery) {
        prune(database, kRowsMax);
        since_pruned_ = 0;
      }
      transaction.commit();
      return std::nullopt;
    } catch (const SQLite::Exception& error) {
      if (database::is_damage(error)) file_.close();  // the next attempt looks at it as a whole
      return error.what();
    }
  }

  void open() {
    file_.open();
    const std::string moved_to = file_.take_moved_to();
    if (!moved_to.empty() && trouble_) trouble_({false, "it was damaged", moved_to});
  }

  void report(const std::optional<std::string>& failure) {
    if (failure.has_value() == in_trouble_) return;
    in_trouble_ = failure.has_value();
    if (failure) {
      log::error("journal_cannot_write", {{"file", path_}, {"error", *failure}});
    } else {
      log::info("journal_writes_again", {{"file", path_}});
    }
    if (trouble_) trouble_({!in_trouble_, failure.value_or("")});
  }

  const std::string path_;
  const std::function<void(const JournalTrouble&)> trouble_;
  // The writer thread's, once it runs:
  database::DatabaseFile file_;
  bool in_trouble_ = false;
  int since_pruned_ = 0;

  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<Entry> pending_;
  std::uint64_t recorded_ = 0, settled_ = 0, dropped_ = 0;  // settled: committed or let go
  bool stopping_ = false;
  std::thread thread_;
};

Journal::Journal(const std::string& state_directory,
                 std::function<void(const JournalTrouble&)> trouble)
    : writer_(std::make_unique<Writer>(state_directory, std::move(trouble))) {}
Journal::~Journal() = default;
void Journal::record(JournalRow row) {
  writer_->record(std::move(row));
}
bool Journal::flush(std::chrono::milliseconds limit) {
  return writer_->flush(limit);
}
std::vector<RequestBegun> Journal::take_unanswered() {
  return writer_->take_unanswered();
}
const std::string& Journal::moved_aside() const {
  return writer_->moved_aside;
}

}  // namespace sanctum::supervisor
