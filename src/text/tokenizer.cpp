#include "text/tokenizer.h"

#include <filesystem>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "text/end_ids.h"
#include "text/model_files.h"
#include "text/rust_bytes.h"

namespace sanctum::text {

struct Tokenizer::State {
  rust::Box<rust_side::Tokenizer> rust;
  rust_side::TokenTable table;
  std::vector<int> end_ids;

  bool knows(int id) const {
    return id >= 0 && static_cast<std::size_t>(id) < table.special.size();
  }
};

namespace {

// Tokens that tokenizer_config.json declares and tokenizer.json may lack or not call special.
rust::Vec<rust_side::AddedToken> declared_tokens(const std::string& directory) {
  std::map<std::int64_t, rust_side::AddedToken> by_id;
  read_json_object(directory + "/tokenizer_config.json", [&](const json::Node& root) {
    if (!root.has("added_tokens_decoder") || !root.at("added_tokens_decoder").is_object()) return;
    for (const auto& [id, token] : root.at("added_tokens_decoder").members()) {
      rust_side::AddedToken added;
      const bool special = token.as_bool_or("special", false);
      added.content = token.at("content").as_string();
      added.lstrip = token.as_bool_or("lstrip", false);
      added.rstrip = token.as_bool_or("rstrip", false);
      added.single_word = token.as_bool_or("single_word", false);
      added.normalized = token.as_bool_or("normalized", !special);
      added.special = special;
      by_id.emplace(std::strtoll(id.c_str(), nullptr, 10), std::move(added));
    }
  });
  rust::Vec<rust_side::AddedToken> tokens;
  for (auto& [id, token] : by_id) tokens.push_back(std::move(token));
  return tokens;
}

[[noreturn]] void fail(const rust::Error& error) {
  throw Error(ErrorCode::kInternal, std::string("tokenizer: ") + error.what());
}

// What to do about a damaged directory. A download lies in models--ORG--NAME/snapshots/COMMIT.
std::string advice(const std::string& directory) {
  constexpr std::string_view kBefore = "models--", kBetween = "--";
  const std::filesystem::path snapshots = std::filesystem::path(directory).parent_path();
  std::string name = snapshots.parent_path().filename().string();
  const std::size_t between = name.find(kBetween, kBefore.size());
  if (snapshots.filename() != "snapshots" || !name.starts_with(kBefore) ||
      between == std::string::npos)
    return "; is it whole? Copy or download it again";
  name = name.replace(between, kBetween.size(), "/").substr(kBefore.size());
  return "; is the download whole? `sanctum models check " + name +
         "` says so, `sanctum models pull " + name + " --verify` mends it";
}

// Throws Error that says what to do where it is missing.
std::string tokenizer_file(const std::string& directory) {
  const std::string path = directory + "/tokenizer.json";
  if (auto bytes = read_file_if_there(path, kTokenizerBytesMax)) return std::move(*bytes);
  std::error_code ignored;
  if (std::filesystem::exists(directory + "/tokenizer.model", ignored))
    throw Error(
        ErrorCode::kNotFound,
        "there is no " + path +
            ", and its tokenizer.model (SentencePiece's) is not read; transformers makes one "
            "of the other (AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)), or take "
            "the same model of a maker who has it, as mlx-community",
        "path");
  throw Error(ErrorCode::kNotFound, "there is no " + path + advice(directory), "path");
}

}  // namespace

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::~Tokenizer() = default;

std::shared_ptr<const Tokenizer> Tokenizer::load(const std::string& directory) {
  const std::string path = directory + "/tokenizer.json";
  const std::string bytes = tokenizer_file(directory);
  rust::Vec<rust_side::AddedToken> declared = declared_tokens(directory);
  try {
    rust::Box<rust_side::Tokenizer> rust =
        rust_side::load_tokenizer(bytes_of(bytes), std::move(declared));
    rust_side::TokenTable table = rust->table();
    std::unique_ptr<State> state(new State{std::move(rust), std::move(table), {}});
    std::shared_ptr<Tokenizer> tokenizer(new Tokenizer(std::move(state)));
    tokenizer->state_->end_ids =
        read_end_ids(directory, [&](std::string_view token) { return tokenizer->id_of(token); });
    return tokenizer;
  } catch (const rust::Error& error) {
    throw Error(ErrorCode::kCorrupt, path + ": " + error.what() + advice(directory));
  }
}

std::vector<int> Tokenizer::encode(std::string_view text, bool add_special) const {
  if (text.size() > kTextBytesMax) {
    throw Error(ErrorCode::kTooLong, "a text of " + std::to_string(text.size()) +
                                         " bytes is over the limit of " +
                                         std::to_string(kTextBytesMax));
  }
  try {
    const rust::Vec<std::uint32_t> ids = state_->rust->encode(bytes_of(text), add_special);
    return {ids.begin(), ids.end()};
  } catch (const rust::Error& error) {
    fail(error);
  }
}

std::string Tokenizer::decode(std::span<const int> ids, bool skip_special) const {
  std::vector<std::uint32_t> known;
  known.reserve(ids.size());
  for (const int id : ids) {
    if (state_->knows(id)) known.push_back(static_cast<std::uint32_t>(id));
  }
  try {
    return std::string(state_->rust->decode({known.data(), known.size()}, skip_special));
  } catch (const rust::Error& error) {
    fail(error);
  }
}

std::string Tokenizer::token_bytes(int id) const {
  if (!state_->knows(id)) return {};
  const auto index = static_cast<std::size_t>(id);
  const std::size_t begin = state_->table.ends[index];
  const std::size_t end = state_->table.ends[index + 1];
  return {reinterpret_cast<const char*>(state_->table.bytes.data()) + begin, end - begin};
}

std::optional<int> Tokenizer::id_of(std::string_view token) const {
  try {
    const std::int64_t id = state_->rust->id_of(bytes_of(token));
    if (id < 0) return std::nullopt;
    return static_cast<int>(id);
  } catch (const rust::Error& error) {
    fail(error);
  }
}

bool Tokenizer::is_special(int id) const {
  return state_->knows(id) && state_->table.special[static_cast<std::size_t>(id)];
}

bool Tokenizer::is_byte_fallback(int id) const {
  return state_->knows(id) && state_->table.byte_fallback[static_cast<std::size_t>(id)];
}

bool Tokenizer::is_byte_level() const {
  return state_->table.byte_level;
}

int Tokenizer::vocabulary() const {
  return static_cast<int>(state_->table.special.size());
}

int Tokenizer::ordinary_vocabulary() const {
  return static_cast<int>(state_->table.ordinary);
}

const std::vector<int>& Tokenizer::end_ids() const {
  return state_->end_ids;
}

}  // namespace sanctum::text
