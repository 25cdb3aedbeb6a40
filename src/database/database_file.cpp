#include "database/database_file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"

namespace sanctum::database {
namespace {

constexpr const char* kDamaged = ".damaged-";
constexpr int kBusyMs = 1000;  // another process reads
constexpr std::chrono::seconds kTurnLimit{10};
constexpr std::chrono::milliseconds kTurnLook{10};

std::string lock_of(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".lock").string();
}

void remove_with_companions(const std::string& path) {
  std::error_code ignored;
  for (const char* companion : {"", "-wal", "-shm"})
    std::filesystem::remove(path + companion, ignored);
}

// Of its damaged copies, all but the latest `kept`: their names end in when they were made.
void remove_copies(const std::string& path, std::size_t kept) {
  const std::filesystem::path own(path);
  const std::string begin = own.filename().string() + kDamaged;
  std::vector<std::string> copies;
  std::error_code ignored;
  for (std::filesystem::directory_iterator it(own.parent_path(), ignored), end; it != end;
       it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(begin) && !name.ends_with("-wal") && !name.ends_with("-shm"))
      copies.push_back(it->path().string());
  }
  std::sort(copies.begin(), copies.end());
  for (std::size_t i = 0; i + kept < copies.size(); ++i) remove_with_companions(copies[i]);
}

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

}  // namespace

bool is_damage(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_CORRUPT || error.getErrorCode() == SQLITE_NOTADB;
}

DatabaseFile::DatabaseFile(std::string path, std::function<void(SQLite::Database&)> make_tables)
    : path_(std::move(path)), make_tables_(std::move(make_tables)) {}
DatabaseFile::~DatabaseFile() = default;

std::unique_ptr<SQLite::Database> DatabaseFile::examined() const {
  auto database = std::make_unique<SQLite::Database>(
      path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs);
  database->exec("PRAGMA journal_mode=WAL");
  database->exec("PRAGMA synchronous=NORMAL");
  if (const std::string found = database->execAndGet("PRAGMA quick_check").getString();
      found != "ok")
    throw SQLite::Exception(found, SQLITE_CORRUPT);
  make_tables_(*database);
  return database;
}

void remove_database(const std::string& path) {
  std::error_code ignored;
  remove_with_companions(path);
  remove_copies(path, 0);
  std::filesystem::remove(lock_of(path), ignored);
}

void DatabaseFile::open() {
  close();
  const Turn turn(lock_of(path_));
  try {
    database_ = examined();
  } catch (const SQLite::Exception& error) {
    if (!is_damage(error)) throw;
    move_aside(error.what());
    database_ = examined();
  }
  identity_ = platform::file_identity(path_);
}

std::string DatabaseFile::take_moved_to() {
  return std::exchange(moved_to_, {});
}

void DatabaseFile::close() {
  database_.reset();
}

bool DatabaseFile::is_current() const {
  return database_ && identity_ && platform::file_identity(path_) == identity_;
}

void DatabaseFile::move_aside(const std::string& why) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  moved_to_ = path_ + kDamaged +
              std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  log::error("database_damaged", {{"file", path_}, {"error", why}, {"moved_to", moved_to_}});
  std::error_code ignored;
  remove_copies(path_, kDamagedKeptMax - 1);
  std::filesystem::rename(path_, moved_to_, ignored);
  for (const char* companion : {"-wal", "-shm"})
    std::filesystem::rename(path_ + companion, moved_to_ + companion, ignored);
}

}  // namespace sanctum::database
