#include "supervisor/journal_row.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "base/error.h"

namespace sanctum::supervisor {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS happenings(
  number INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
  what TEXT NOT NULL, cause TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests(
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, begun_us INTEGER NOT NULL, api TEXT NOT NULL,
  model TEXT NOT NULL, stream INTEGER NOT NULL, ended_us INTEGER, status INTEGER, finish TEXT,
  error TEXT, interruptions INTEGER, prompt_tokens INTEGER, cached_tokens INTEGER,
  image_tokens INTEGER, completion_tokens INTEGER, queue_us INTEGER, vision_us INTEGER,
  prefill_us INTEGER, decode_us INTEGER, total_us INTEGER, key TEXT NOT NULL DEFAULT '',
  certificate TEXT NOT NULL DEFAULT '', ignored TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS requests_open ON requests(number) WHERE ended_us IS NULL;
CREATE TABLE IF NOT EXISTS incidents(
  number INTEGER PRIMARY KEY, key TEXT NOT NULL, level TEXT NOT NULL, what TEXT NOT NULL,
  opened_us INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1, last_us INTEGER NOT NULL,
  closed_us INTEGER, how TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS incidents_open ON incidents(key) WHERE closed_us IS NULL;
CREATE TABLE IF NOT EXISTS checks(
  number INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, probe TEXT NOT NULL, name TEXT NOT NULL,
  passed INTEGER NOT NULL, took_us INTEGER NOT NULL, detail TEXT NOT NULL, label TEXT NOT NULL,
  memory_available_bytes INTEGER NOT NULL, pages_swapped INTEGER NOT NULL, memory_stall_percent REAL);
)";

// Binds one value after another.
class Insertion {
 public:
  Insertion(SQLite::Database& database, const char* text) : statement_(database, text) {}
  template <class... Values>
  void with(const Values&... values) {
    (bind(values), ...);
    statement_.exec();
  }

 private:
  void bind(const std::string& text) { statement_.bind(++next_, text); }
  void bind(std::int64_t number) { statement_.bind(++next_, number); }
  void bind(const std::optional<double>& number) {
    ++next_;
    if (number) statement_.bind(next_, *number);
  }

  SQLite::Statement statement_;
  int next_ = 0;
};

void put(SQLite::Database& database, std::int64_t at_us, const Happening& row) {
  Insertion(database, "INSERT INTO happenings(at_us, kind, subject, what, cause) VALUES(?,?,?,?,?)")
      .with(at_us, row.kind, row.subject, row.what, row.cause);
}

void put(SQLite::Database& database, std::int64_t at_us, const RequestBegun& row) {
  Insertion(database,
            "INSERT OR REPLACE INTO requests(id, begun_us, api, model, stream, key, certificate, "
            "ignored) VALUES(?,?,?,?,?,?,?,?)")
      .with(row.id, at_us, row.api, row.model, std::int64_t{row.stream}, row.key, row.certificate,
            row.ignored);
}

void put(SQLite::Database& database, std::int64_t at_us, const RequestEnded& row) {
  const wire::Completed& c = row.completed;
  Insertion(database,
            "UPDATE requests SET ended_us=?, status=?, finish=?, error=?, interruptions=?, "
            "prompt_tokens=?, cached_tokens=?, image_tokens=?, completion_tokens=?, queue_us=?, "
            "vision_us=?, prefill_us=?, decode_us=?, total_us=? WHERE id=?")
      .with(at_us, std::int64_t{row.status}, std::string(to_string(c.finish_reason)),
            c.failure ? std::string(to_string(c.failure->code)) : std::string(),
            std::int64_t{row.interruptions}, std::int64_t{c.usage.prompt_tokens},
            std::int64_t{c.usage.cached_tokens}, std::int64_t{c.usage.image_tokens},
            std::int64_t{c.usage.completion_tokens}, std::int64_t{c.timings.queue_us},
            std::int64_t{c.timings.vision_us}, std::int64_t{c.timings.prefill_us},
            std::int64_t{c.timings.decode_us}, row.total_us, row.id);
}

void put(SQLite::Database& database, std::int64_t at_us, const IncidentOpened& row) {
  Insertion(database,
            "INSERT INTO incidents(key, level, what, opened_us, last_us) VALUES(?,?,?,?,?) "
            "ON CONFLICT(key) WHERE closed_us IS NULL DO UPDATE SET level=excluded.level, "
            "what=excluded.what, last_us=excluded.last_us, times=times+1")
      .with(row.key, row.level, row.what, at_us, at_us);
}

void put(SQLite::Database& database, std::int64_t at_us, const IncidentClosed& row) {
  Insertion(database, "UPDATE incidents SET closed_us=?, how=? WHERE key=? AND closed_us IS NULL")
      .with(at_us, row.how, row.key);
}

void put(SQLite::Database& database, std::int64_t at_us, const StartedAnew& row) {
  Insertion(database,
            "UPDATE incidents SET closed_us=?, how='started anew' "
            "WHERE closed_us IS NULL AND (substr(key, 1, ?) = ?) = ?")
      .with(at_us, static_cast<std::int64_t>(std::string_view(kProbeKeys).size()),
            std::string(kProbeKeys), std::int64_t{row.probes});
}

void put(SQLite::Database& database, std::int64_t at_us, const ProbeChecked& row) {
  Insertion(database,
            "INSERT INTO checks(at_us, probe, name, passed, took_us, detail, label, "
            "memory_available_bytes, pages_swapped, memory_stall_percent) "
            "VALUES(?,?,?,?,?,?,?,?,?,?)")
      .with(at_us, row.probe, row.check, std::int64_t{row.passed}, row.took_us, row.detail,
            row.label, static_cast<std::int64_t>(row.memory.available_bytes),
            static_cast<std::int64_t>(row.memory.pages_swapped), row.memory.stall_percent);
}

}  // namespace

void make_tables(SQLite::Database& database) {
  database.exec(kTables);
  // Journals that were begun before there were these.
  for (const std::string column : {"key", "certificate", "ignored"}) {
    if (database
            .execAndGet("SELECT count(*) FROM pragma_table_info('requests') WHERE name='" + column +
                        "'")
            .getInt() == 0)
      database.exec("ALTER TABLE requests ADD COLUMN " + column + " TEXT NOT NULL DEFAULT ''");
  }
}

void insert(SQLite::Database& database, std::int64_t at_us, const JournalRow& row) {
  std::visit([&](const auto& what) { put(database, at_us, what); }, row);
}

void prune(SQLite::Database& database, std::int64_t rows) {
  const std::pair<const char*, const char*> tables[] = {{"happenings", ""},
                                                        {"requests", " AND ended_us IS NOT NULL"},
                                                        {"incidents", " AND closed_us IS NOT NULL"},
                                                        {"checks", ""}};
  for (const auto& [table, over] : tables) {
    const std::string name = table;
    database.exec("DELETE FROM " + name + " WHERE number <= (SELECT max(number) FROM " + name +
                  ") - " + std::to_string(rows) + over);
  }
}

std::vector<RequestBegun> take_unanswered(SQLite::Database& database) {
  std::vector<RequestBegun> left;
  SQLite::Statement open(database,
                         "SELECT id, api, model, stream FROM requests WHERE ended_us IS NULL");
  while (open.executeStep()) {
    left.push_back({open.getColumn(0).getString(), open.getColumn(1).getString(),
                    open.getColumn(2).getString(), open.getColumn(3).getInt() != 0});
  }
  database.exec("UPDATE requests SET ended_us=begun_us, finish='lost' WHERE ended_us IS NULL");
  return left;
}

}  // namespace sanctum::supervisor
