#include "gguf/sentence_piece.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <unordered_map>

namespace sanctum::gguf {
namespace {

struct Merge {
  std::string_view left, right;
  double score;
  std::size_t left_id, right_id;
  std::size_t left_length, right_length;  // characters
};

bool begins_character(char byte) {
  return (static_cast<std::uint8_t>(byte) & 0xc0) != 0x80;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> sentence_piece_merges(
    const Metadata& metadata, const Vocabulary& vocabulary, const std::vector<double>& scores) {
  std::unordered_map<std::string_view, std::size_t> ids;
  // Those that are found in a text as a whole, and bytes, are not made of others.
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id)
    if (vocabulary.kinds[id] == TokenKind::kNormal) ids.emplace(vocabulary.tokens[id], id);
  std::vector<Merge> merges;
  std::uint64_t looked_up = 0;  // bytes of beginnings
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (vocabulary.kinds[id] != TokenKind::kNormal) continue;
    const std::string_view token = vocabulary.tokens[id];
    const std::size_t first = merges.size();
    for (std::size_t at = 1; at < token.size(); ++at) {
      if (!begins_character(token[at])) continue;
      looked_up += at;
      if (looked_up > kBeginningsBytesMax || merges.size() == kMergesMax)
        metadata.fail("tokenizer.ggml.tokens",
                      "takes too long to take apart: up to the token " + std::to_string(id) +
                          " there are over " + std::to_string(kMergesMax) + " merges, or over " +
                          std::to_string(kBeginningsBytesMax >> 20) + " MiB of beginnings");
      const auto left = ids.find(token.substr(0, at));
      if (left == ids.end()) continue;
      const auto right = ids.find(token.substr(at));
      if (right == ids.end()) continue;
      merges.push_back({left->first, right->first, scores[id], left->second, right->second,
                        characters(left->first), characters(right->first)});
    }
    std::sort(merges.begin() + static_cast<std::ptrdiff_t>(first), merges.end(),
              [](const Merge& a, const Merge& b) {
                return std::tie(a.left_id, a.right_id) < std::tie(b.left_id, b.right_id);
              });
  }
  std::stable_sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) {
    return std::tie(a.score, a.left_length, a.right_length) >
           std::tie(b.score, b.left_length, b.right_length);
  });
  std::vector<std::pair<std::string_view, std::string_view>> out;
  out.reserve(merges.size());
  for (const Merge& merge : merges) out.emplace_back(merge.left, merge.right);
  return out;
}

}  // namespace sanctum::gguf
