// Kept answers as they lie in a table. Whoever calls owns the database; every function throws
// SQLite::Exception where the disk refuses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/answer_store.h"

namespace SQLite {
class Database;
}

namespace sanctum::answers {

void make_answer_table(SQLite::Database& database);
void insert_answer(SQLite::Database& database, const gateway::KeptAnswer& answer);
std::optional<gateway::KeptAnswer> find_answer(SQLite::Database& database, const std::string& id,
                                               const std::string& owner);
bool remove_answer(SQLite::Database& database, const std::string& id, const std::string& owner);

// The answers from the first of the conversation to `id`, without their objects. `missing`: the
// one that is not there any more, or `id` itself; empty for none.
struct Conversation {
  std::vector<gateway::KeptAnswer> answers;
  std::string missing = {};
  bool too_long = false;  // over gateway::kConversationBytesMax: not all of it was read
};
Conversation conversation_up_to(SQLite::Database& database, const std::string& id,
                                const std::string& owner);

// Of all together.
std::uint64_t bytes_kept(SQLite::Database& database);
// Lets go what was made before `oldest_unix_s`, and then the oldest beyond `bytes_max`.
void prune_answers(SQLite::Database& database, std::uint64_t bytes_max, std::int64_t oldest_unix_s);

}  // namespace sanctum::answers
