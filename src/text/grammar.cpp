#include "text/grammar.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "text/rust_bytes.h"

namespace sanctum::text {
namespace {

constexpr std::size_t kProblemBytesMax = 1024;

[[noreturn]] void fail(const rust::Error& error) {
  const std::string_view what = error.what();
  // What a moment lacks is no fault of a grammar.
  const bool lack = what.starts_with("no thread to compile it");
  throw Error(lack ? ErrorCode::kUnavailable : ErrorCode::kInvalid, reason_of_refusal(what));
}

// llguidance's warnings name them between quotes ("Unimplemented keys: [...]"), or in words.
void add_keywords(const std::string& warning, std::vector<std::string>& all) {
  std::vector<std::string> found;
  if (warning.starts_with("oneOf")) found.emplace_back("oneOf");
  if (warning.starts_with("min/maxProperties")) found.emplace_back("minProperties");
  if (warning.starts_with("Unknown format")) found.emplace_back("format");
  if (warning.starts_with("Unimplemented keys"))
    for (std::size_t at = warning.find('"'); at != std::string::npos;) {
      const std::size_t end = warning.find('"', at + 1);
      if (end == std::string::npos) break;
      found.push_back(warning.substr(at + 1, end - at - 1));
      at = warning.find('"', end + 1);
    }
  if (found.empty()) found.push_back(warning.substr(0, kProblemBytesMax));
  for (auto& keyword : found)
    if (std::find(all.begin(), all.end(), keyword) == all.end()) all.push_back(std::move(keyword));
}

}  // namespace

// The first line of "at 3(9): invalid regex ...:\n ... \nerror: why", and why. What else there is
// quotes the source, which may be large, and places in a text that is no client's.
std::string reason_of_refusal(std::string_view all) {
  if (all.starts_with("at "))
    if (const std::size_t colon = all.find("): "); colon < all.find('\n'))
      all.remove_prefix(colon + 3);
  // A schema or a grammar that no text fits.
  if (all.find("NoExtensionBias") != std::string_view::npos) return "no answer fits it";
  std::string said(all.substr(0, std::min(all.find('\n'), kProblemBytesMax)));
  constexpr std::string_view kWhy = "\nerror: ";
  const std::size_t why = all.find(kWhy);
  if (why == std::string_view::npos) return said;
  all.remove_prefix(why + kWhy.size());
  return said + " " + std::string(all.substr(0, std::min(all.find('\n'), kProblemBytesMax)));
}

struct GrammarState::State {
  rust::Box<rust_side::Grammar> rust;
  std::size_t mask_words;
};
struct Grammar::State {
  rust::Box<rust_side::Grammar> rust;
  std::size_t mask_words;
  std::vector<std::string> not_enforced;
};
struct GrammarVocabulary::State {
  rust::Box<rust_side::Vocabulary> rust;
};

GrammarState::GrammarState(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrammarState::~GrammarState() = default;

std::size_t GrammarState::take(std::span<const int> ids) {
  const std::vector<std::uint32_t> told(ids.begin(), ids.end());
  try {
    return state_->rust->take({told.data(), told.size()});
  } catch (const rust::Error& error) {
    fail(error);
  }
}

std::vector<std::uint32_t> GrammarState::mask() {
  std::vector<std::uint32_t> bits(state_->mask_words);
  try {
    state_->rust->mask({bits.data(), bits.size()});
  } catch (const rust::Error& error) {
    fail(error);
  }
  return bits;
}

bool GrammarState::may_end() {
  try {
    return state_->rust->may_end();
  } catch (const rust::Error& error) {
    fail(error);
  }
}

Grammar::Grammar(std::unique_ptr<State> state) : state_(std::move(state)) {}
Grammar::~Grammar() = default;

std::unique_ptr<GrammarState> Grammar::begin() const {
  std::unique_ptr<GrammarState::State> state(
      new GrammarState::State{state_->rust->copy(), state_->mask_words});
  return std::unique_ptr<GrammarState>(new GrammarState(std::move(state)));
}

const std::vector<std::string>& Grammar::not_enforced() const {
  return state_->not_enforced;
}

GrammarVocabulary::GrammarVocabulary(const Tokenizer& tokenizer, const std::vector<int>& ends,
                                     int rows, const std::vector<std::string>& marks)
    : mask_words_((static_cast<std::size_t>(rows) + 31) / 32) {
  std::string bytes;
  std::vector<std::uint32_t> offsets{0}, last;
  rust::Vec<bool> special;
  std::vector<int> marked;
  for (const auto& text : marks)
    if (const auto id = tokenizer.id_of(text)) marked.push_back(*id);
  const auto is_among = [](const std::vector<int>& ids, int id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  for (int id = 0; id < rows; ++id) {
    const bool ends_answer = is_among(ends, id);
    special.push_back(ends_answer || is_among(marked, id) || tokenizer.is_special(id));
    if (!special[static_cast<std::size_t>(id)]) bytes += tokenizer.token_bytes(id);
    offsets.push_back(static_cast<std::uint32_t>(bytes.size()));
    if (ends_answer) last.push_back(static_cast<std::uint32_t>(id));
  }
  try {
    state_ = std::make_unique<State>(State{
        rust_side::make_vocabulary(bytes_of(bytes), {offsets.data(), offsets.size()},
                                   {special.data(), special.size()}, {last.data(), last.size()})});
  } catch (const rust::Error& error) {
    fail(error);
  }
}
GrammarVocabulary::~GrammarVocabulary() = default;

std::shared_ptr<const Grammar> GrammarVocabulary::compile(const std::string& source) const {
  if (source.size() > kGrammarBytesMax)
    throw Error(ErrorCode::kTooLong, "a grammar of " + std::to_string(source.size()) +
                                         " bytes is over the limit of " +
                                         std::to_string(kGrammarBytesMax));
  try {
    auto rust = state_->rust->compile(bytes_of(source));
    std::vector<std::string> not_enforced;
    for (const auto& warning : rust->warnings()) add_keywords(std::string(warning), not_enforced);
    std::unique_ptr<Grammar::State> state(
        new Grammar::State{std::move(rust), mask_words_, std::move(not_enforced)});
    return std::shared_ptr<const Grammar>(new Grammar(std::move(state)));
  } catch (const rust::Error& error) {
    fail(error);
  }
}

}  // namespace sanctum::text
