#include "gguf/tokenizer_files.h"

#include <cmath>
#include <string_view>
#include <unordered_set>

#include "base/json.h"
#include "gguf/pre_tokenizers.h"
#include "gguf/sentence_piece.h"
#include "gguf/vocabulary.h"

namespace sanctum::gguf {
namespace {

constexpr std::int64_t kContextTokensMax = 1 << 30;
constexpr const char* kByteLevelDecoder =
    R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true})";
constexpr const char* kSpace = "▁";

bool is_added(TokenKind kind) {
  return kind == TokenKind::kControl || kind == TokenKind::kUserDefined ||
         kind == TokenKind::kUnknown;
}

// Phi-3's, but for its oldest, take the white space behind them (llama.cpp has the same list).
bool takes_space(Family family, const std::string& text, TokenKind kind) {
  if (family != Family::kPhi3 || !is_added(kind)) return false;
  return text != "<unk>" && text != "<s>" && text != "<|endoftext|>";
}

void write_added(json::Writer& w, const Vocabulary& vocabulary, Family family, bool sentences) {
  w.key("added_tokens").begin_array();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const TokenKind kind = vocabulary.kinds[id];
    if (!is_added(kind)) continue;
    const std::string& text = vocabulary.tokens[id];
    write_added_token(w, static_cast<int>(id), text, kind != TokenKind::kUserDefined,
                      sentences && takes_space(family, text, kind));
  }
  w.end_array();
}

void write_vocabulary(json::Writer& w, const Vocabulary& vocabulary) {
  w.key("vocab").begin_object();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id)
    if (vocabulary.kinds[id] != TokenKind::kUnused)
      w.field(vocabulary.tokens[id], static_cast<std::uint64_t>(id));
  w.end_object();
}

void write_merge(json::Writer& w, std::string_view left, std::string_view right) {
  w.begin_array().value(left).value(right).end_array();
}

void write_stored_merges(json::Writer& w, const Metadata& metadata, const Vocabulary& vocabulary) {
  constexpr const char* kMerges = "tokenizer.ggml.merges";
  std::unordered_set<std::string_view> tokens;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id)
    if (vocabulary.kinds[id] != TokenKind::kUnused) tokens.insert(vocabulary.tokens[id]);
  const auto expect_token = [&](std::string_view merge, std::string_view text) {
    if (tokens.contains(text)) return;
    metadata.fail(kMerges, "has " + json::quote(merge) + ", but tokenizer.ggml.tokens has no " +
                               json::quote(text) + ": they are not of one tokenizer");
  };
  for (const std::string_view merge : metadata.strings(kMerges)) {
    const std::size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos)
      metadata.fail(kMerges, "has " + json::quote(merge) + ", which is no pair");
    const std::string_view left = merge.substr(0, space), right = merge.substr(space + 1);
    for (const auto part : {left, right}) expect_token(merge, part);
    expect_token(merge, std::string(left).append(right));
    write_merge(w, left, right);
  }
}

std::string around(const Vocabulary& vocabulary, const TokenRoles& roles) {
  const auto text = [&](bool there, int id) {
    return there ? vocabulary.tokens[static_cast<std::size_t>(id)] : std::string();
  };
  const int end = roles.add_eos ? roles.ends.front() : 0;
  return around_text(text(roles.add_bos, roles.bos.value_or(0)), roles.bos.value_or(0),
                     text(roles.add_eos, end), end);
}

void begin(json::Writer& w) {
  w.begin_object().field("version", "1.0").key("truncation").null().key("padding").null();
}

std::string byte_level(const Metadata& metadata, const Vocabulary& vocabulary,
                       const PreTokenizer& pre, const TokenRoles& roles, Family family) {
  json::Writer w;
  begin(w);
  write_added(w, vocabulary, family, false);
  if (pre.nfc)
    w.key("normalizer").begin_object().field("type", "NFC").end_object();
  else
    w.key("normalizer").null();
  w.key("pre_tokenizer").raw(pre_tokenizer_json(pre));
  w.key("post_processor").raw(around(vocabulary, roles)).key("decoder").raw(kByteLevelDecoder);
  w.key("model").begin_object().field("type", "BPE").key("dropout").null();
  w.key("unk_token").null().key("continuing_subword_prefix").null();
  w.key("end_of_word_suffix").null().field("fuse_unk", false).field("byte_fallback", false);
  w.field("ignore_merges", pre.ignore_merges);
  write_vocabulary(w, vocabulary);
  w.key("merges").begin_array();
  write_stored_merges(w, metadata, vocabulary);
  return w.end_array().end_object().end_object().take();
}

std::vector<double> scores(const Metadata& metadata, const Vocabulary& vocabulary) {
  constexpr const char* kScores = "tokenizer.ggml.scores";
  const auto& out = metadata.numbers(kScores);
  if (out.size() != vocabulary.tokens.size())
    metadata.fail(kScores, "has " + std::to_string(out.size()) + " entries for " +
                               std::to_string(vocabulary.tokens.size()) + " tokens");
  for (const double score : out)
    if (std::isnan(score)) metadata.fail(kScores, "has one that is no number");
  return out;
}

void write_replace(json::Writer& w, const char* what, const char* with) {
  w.begin_object().field("type", "Replace").key("pattern").begin_object();
  w.field("String", what).end_object().field("content", with).end_object();
}

// `merges`: the file has them, and its scores say nothing.
std::string sentence_piece(const Metadata& metadata, const Vocabulary& vocabulary,
                           const TokenRoles& roles, Family family, bool merges) {
  const bool prefix = metadata.flag_or("tokenizer.ggml.add_space_prefix", true);
  json::Writer w;
  begin(w);
  write_added(w, vocabulary, family, true);
  w.key("normalizer").begin_object().field("type", "Sequence").key("normalizers").begin_array();
  if (prefix) w.begin_object().field("type", "Prepend").field("prepend", kSpace).end_object();
  write_replace(w, " ", kSpace);
  w.end_array().end_object();
  w.key("pre_tokenizer").null().key("post_processor").raw(around(vocabulary, roles));
  w.key("decoder").begin_object().field("type", "Sequence").key("decoders").begin_array();
  write_replace(w, kSpace, " ");
  w.begin_object().field("type", "ByteFallback").end_object();
  w.begin_object().field("type", "Fuse").end_object();
  if (prefix)
    w.begin_object()
        .field("type", "Strip")
        .field("content", " ")
        .field("start", 1)
        .field("stop", 0)
        .end_object();
  w.end_array().end_object();
  w.key("model").begin_object().field("type", "BPE").key("dropout").null().key("unk_token");
  if (roles.unknown)
    w.value(vocabulary.tokens[static_cast<std::size_t>(*roles.unknown)]);
  else
    w.null();
  w.key("continuing_subword_prefix").null().key("end_of_word_suffix").null();
  w.field("fuse_unk", true).field("byte_fallback", true).field("ignore_merges", false);
  write_vocabulary(w, vocabulary);
  w.key("merges").begin_array();
  if (merges)
    write_stored_merges(w, metadata, vocabulary);
  else
    for (const auto& [left, right] :
         sentence_piece_merges(metadata, vocabulary, scores(metadata, vocabulary)))
      write_merge(w, left, right);
  return w.end_array().end_object().end_object().take();
}

std::string tokenizer_config(const Metadata& metadata, const Vocabulary& vocabulary,
                             const TokenRoles& roles) {
  const auto token = [&](int id) { return vocabulary.tokens[static_cast<std::size_t>(id)]; };
  json::Writer w;
  w.begin_object().field("tokenizer_class", "PreTrainedTokenizerFast");
  const std::string context = metadata.string("general.architecture") + ".context_length";
  if (const auto tokens = metadata.integer_if(context, 1, kContextTokensMax))
    w.field("model_max_length", *tokens);
  w.field("add_prefix_space", false).field("clean_up_tokenization_spaces", false);
  if (roles.bos) w.field("bos_token", token(*roles.bos));
  if (!roles.ends.empty()) w.field("eos_token", token(roles.ends.front()));
  if (roles.unknown) w.field("unk_token", token(*roles.unknown));
  if (roles.padding) w.field("pad_token", token(*roles.padding));
  return w.end_object().take();
}

}  // namespace

TokenizerFiles tokenizer_files(const Metadata& metadata, Family family) {
  constexpr const char *kModel = "tokenizer.ggml.model", *kTemplate = "tokenizer.chat_template";
  const std::string& model = metadata.string(kModel);
  const bool gemma4 = model == "gemma4";
  if (model != "gpt2" && model != "llama" && !gemma4)
    metadata.fail(kModel, "is " + json::quote(model) +
                              ", which is not known; gpt2 (byte-level BPE), llama (SentencePiece) "
                              "and gemma4 are");
  const Vocabulary vocabulary = read_vocabulary(metadata);
  TokenizerFiles out;
  if (model == "gpt2") {
    const PreTokenizer& pre = pre_tokenizer(metadata);
    out.roles = token_roles(metadata, vocabulary, pre.begins_with_bos);
    out.tokenizer = byte_level(metadata, vocabulary, pre, out.roles, family);
  } else {
    out.roles = token_roles(metadata, vocabulary, true);
    out.tokenizer = sentence_piece(metadata, vocabulary, out.roles, family, gemma4);
  }
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id)
    if (vocabulary.kinds[id] != TokenKind::kUnused) out.ids = id + 1;
  out.config = tokenizer_config(metadata, vocabulary, out.roles);
  if (metadata.has(kTemplate)) out.chat_template = metadata.string(kTemplate);
  return out;
}

}  // namespace sanctum::gguf
