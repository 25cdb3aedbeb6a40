#include "answers.h"

#include <utility>

#include "wire/heartbeat.h"

namespace sanctum::simulation {
namespace {

constexpr int kVocabulary = 1000;
constexpr int kEndEvery = 61;  // of the ids, one ends the answer
constexpr int kHeldEvery = 4;

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

Answer::Answer(std::string_view prompt, std::uint64_t seed, int max_tokens)
    : hash_(mixed(wire::request_key(prompt) + seed)), max_tokens_(max_tokens) {}

Answer::Piece Answer::next() {
  const int id = 1 + static_cast<int>(hash_ % kVocabulary);
  return {id, push(id)};
}

std::string Answer::push(int id) {
  hash_ = mixed(hash_ ^ static_cast<std::uint64_t>(id));
  ++said_;
  if (id % kEndEvery == 0) {
    ended_ = true;
    return {};
  }
  held_ += std::to_string(id) + " ";
  return id % kHeldEvery == 0 ? std::string() : std::exchange(held_, {});
}

Whole whole_answer(std::string_view prompt, std::uint64_t seed, int max_tokens) {
  Answer answer(prompt, seed, max_tokens);
  Whole whole;
  while (!answer.over()) {
    const Answer::Piece piece = answer.next();
    whole.ids.push_back(piece.id);
    whole.text += piece.text;
  }
  whole.text += answer.held_back();
  whole.reason = answer.reason();
  return whole;
}

}  // namespace sanctum::simulation
