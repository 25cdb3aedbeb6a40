#include "answers/answer_table.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

namespace sanctum::answers {
namespace {

gateway::KeptAnswer read_row(SQLite::Statement& row) {
  return {row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
          row.getColumn(3).getString(), row.getColumn(4).getString(), row.getColumn(5).getString(),
          row.getColumn(6).getInt64()};
}

}  // namespace

void make_answer_table(SQLite::Database& database) {
  database.exec("PRAGMA secure_delete=ON");  // what is removed is gone
  database.exec(
      "CREATE TABLE IF NOT EXISTS answers (id TEXT PRIMARY KEY, owner TEXT NOT NULL, previous TEXT "
      "NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL, object TEXT NOT NULL, created_s "
      "INTEGER NOT NULL, bytes INTEGER NOT NULL)");
  database.exec("CREATE INDEX IF NOT EXISTS answers_by_age ON answers (created_s, bytes)");
}

void insert_answer(SQLite::Database& database, const gateway::KeptAnswer& answer) {
  SQLite::Statement insert(database,
                           "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, answer.id);
  insert.bind(2, answer.owner);
  insert.bind(3, answer.previous);
  insert.bind(4, answer.input);
  insert.bind(5, answer.output);
  insert.bind(6, answer.object);
  insert.bind(7, answer.created_unix_s);
  insert.bind(8, static_cast<std::int64_t>(answer.input.size() + answer.output.size() +
                                           answer.object.size()));
  insert.exec();
}

std::optional<gateway::KeptAnswer> find_answer(SQLite::Database& database, const std::string& id,
                                               const std::string& owner) {
  SQLite::Statement find(database,
                         "SELECT id, owner, previous, input, output, object, created_s FROM "
                         "answers WHERE id = ? AND owner = ?");
  find.bind(1, id);
  find.bind(2, owner);
  if (!find.executeStep()) return std::nullopt;
  return read_row(find);
}

bool remove_answer(SQLite::Database& database, const std::string& id, const std::string& owner) {
  SQLite::Statement remove(database, "DELETE FROM answers WHERE id = ? AND owner = ?");
  remove.bind(1, id);
  remove.bind(2, owner);
  return remove.exec() > 0;
}

Conversation conversation_up_to(SQLite::Database& database, const std::string& id,
                                const std::string& owner) {
  Conversation found;
  std::size_t bytes = 0;
  SQLite::Statement find(database,
                         "SELECT id, owner, previous, input, output, '', created_s FROM answers "
                         "WHERE id = ? AND owner = ?");
  for (std::string next = id; !next.empty(); next = found.answers.back().previous) {
    find.reset();
    find.bind(1, next);
    find.bind(2, owner);
    if (static_cast<int>(found.answers.size()) == gateway::kConversationAnswersMax ||
        !find.executeStep()) {
      found.missing = next;
      break;
    }
    found.answers.push_back(read_row(find));
    bytes += found.answers.back().input.size() + found.answers.back().output.size();
    if (bytes > gateway::kConversationBytesMax) {
      found.too_long = true;
      break;
    }
  }
  std::reverse(found.answers.begin(), found.answers.end());
  return found;
}

std::uint64_t bytes_kept(SQLite::Database& database) {
  return static_cast<std::uint64_t>(
      database.execAndGet("SELECT COALESCE(SUM(bytes), 0) FROM answers").getInt64());
}

void prune_answers(SQLite::Database& database, std::uint64_t bytes_max,
                   std::int64_t oldest_unix_s) {
  SQLite::Statement old(database, "DELETE FROM answers WHERE created_s < ?");
  old.bind(1, oldest_unix_s);
  old.exec();
  if (bytes_kept(database) <= bytes_max) return;
  SQLite::Statement beyond(
      database,
      "DELETE FROM answers WHERE rowid IN (SELECT number FROM (SELECT rowid AS number, SUM(bytes) "
      "OVER (ORDER BY created_s DESC, rowid DESC) AS total FROM answers) WHERE total > ?)");
  beyond.bind(1, static_cast<std::int64_t>(bytes_max));
  beyond.exec();
}

}  // namespace sanctum::answers
