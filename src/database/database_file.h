// A database as it lies on disk (SQLite, write-ahead log), which several processes of one server
// may write.
//
// Contract: open() examines the file under a lock beside it (NAME.lock), so that one process at a
// time finds it damaged, moves it aside and begins a new one; whoever comes second finds the new
// one. Who had the old one open sees that by is_current(). Thread rule: one owner.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "platform/file_identity.h"

namespace SQLite {
class Database;
class Exception;
}  // namespace SQLite

namespace sanctum::database {

inline constexpr std::size_t kDamagedKeptMax = 3;  // copies of damaged files beside it

// What is in the file is at fault, and not the disk or who else uses it.
bool is_damage(const SQLite::Exception& error);

// With its companions, and with the copies of it that were damaged. What cannot be removed stays.
void remove_database(const std::string& path);

class DatabaseFile {
 public:
  // `make_tables` is told of each database that was opened: those that are missing it makes.
  DatabaseFile(std::string path, std::function<void(SQLite::Database&)> make_tables);
  ~DatabaseFile();
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  // Opens what lies at the path, or begins it. Throws SQLite::Exception when the disk refuses;
  // nothing is open then.
  void open();
  void close();
  // Open, and still what lies at the path.
  bool is_current() const;
  SQLite::Database* database() const { return database_.get(); }
  // Where a damaged file was moved since this was last asked; empty if none was.
  std::string take_moved_to();

 private:
  void move_aside(const std::string& why);
  std::unique_ptr<SQLite::Database> examined() const;

  const std::string path_;
  const std::function<void(SQLite::Database&)> make_tables_;
  std::unique_ptr<SQLite::Database> database_;
  std::optional<platform::FileIdentity> identity_;  // of the open file
  std::string moved_to_;
};

}  // namespace sanctum::database
