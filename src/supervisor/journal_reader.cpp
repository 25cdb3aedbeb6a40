#include "supervisor/journal_reader.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

#include "base/error.h"

namespace sanctum::supervisor {
namespace {

constexpr int kBusyMs = 2000;

}  // namespace

std::vector<IncidentRecord> read_incidents(const std::string& state_directory, int rows) {
  const std::string path = state_directory + "/journal.db";
  if (!std::filesystem::exists(path)) return {};
  try {
    const SQLite::Database database(path, SQLite::OPEN_READONLY, kBusyMs);
    SQLite::Statement query(
        database,
        "SELECT key, level, what, opened_us, closed_us, how, times FROM incidents "
        "ORDER BY closed_us IS NOT NULL, number DESC LIMIT ?");
    query.bind(1, rows);
    std::vector<IncidentRecord> all;
    while (query.executeStep()) {
      IncidentRecord record;
      record.key = query.getColumn(0).getString();
      record.level = query.getColumn(1).getString();
      record.what = query.getColumn(2).getString();
      record.opened_us = query.getColumn(3).getInt64();
      if (!query.getColumn(4).isNull()) record.closed_us = query.getColumn(4).getInt64();
      if (!query.getColumn(5).isNull()) record.how = query.getColumn(5).getString();
      record.times = query.getColumn(6).getInt64();
      all.push_back(std::move(record));
    }
    return all;
  } catch (const SQLite::Exception& error) {
    throw Error(ErrorCode::kCorrupt, "cannot read " + path + ": " + error.what());
  }
}

}  // namespace sanctum::supervisor
