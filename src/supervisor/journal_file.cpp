#include "supervisor/journal_file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "supervisor/journal_row.h"

namespace sanctum::supervisor {
namespace {

constexpr int kBusyMs = 1000;  // another process reads
constexpr std::chrono::seconds kTurnLimit{10};
constexpr std::chrono::milliseconds kTurnLook{10};

// Waits for its turn, but not for somebody who hangs; also without one, on a full disk, say, a look
// at the file is worth more than none.
class Turn {
 public:
  explicit Turn(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    const Instant end = Clock::now() + kTurnLimit;
    while (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) != 0 && Clock::now() < end)
      std::this_thread::sleep_for(kTurnLook);
  }
  ~Turn() {
    if (fd_ >= 0) ::close(fd_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  const int fd_;
};

std::unique_ptr<SQLite::Database> examined(const std::string& path) {
  auto database = std::make_unique<SQLite::Database>(
      path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs);
  database->exec("PRAGMA journal_mode=WAL");
  database->exec("PRAGMA synchronous=NORMAL");
  if (const std::string found = database->execAndGet("PRAGMA quick_check").getString();
      found != "ok")
    throw SQLite::Exception(found, SQLITE_CORRUPT);
  make_tables(*database);
  return database;
}

}  // namespace

bool is_damage(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_CORRUPT || error.getErrorCode() == SQLITE_NOTADB;
}

JournalFile::JournalFile(std::string path) : path_(std::move(path)) {}
JournalFile::~JournalFile() = default;

void JournalFile::open() {
  close();
  const Turn turn(std::filesystem::path(path_).replace_extension(".lock").string());
  try {
    database_ = examined(path_);
  } catch (const SQLite::Exception& error) {
    if (!is_damage(error)) throw;
    move_aside(error.what());
    database_ = examined(path_);
  }
  identity_ = platform::file_identity(path_);
}

std::string JournalFile::take_moved_to() {
  return std::exchange(moved_to_, {});
}

void JournalFile::close() {
  database_.reset();
}

bool JournalFile::is_current() const {
  return database_ && identity_ && platform::file_identity(path_) == identity_;
}

void JournalFile::move_aside(const std::string& why) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  moved_to_ = path_ + ".damaged-" +
              std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  log::error("journal_damaged", {{"file", path_}, {"error", why}, {"moved_to", moved_to_}});
  std::error_code ignored;
  std::filesystem::rename(path_, moved_to_, ignored);
  for (const char* companion : {"-wal", "-shm"})
    std::filesystem::rename(path_ + companion, moved_to_ + companion, ignored);
}

}  // namespace sanctum::supervisor
