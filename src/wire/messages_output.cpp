// JSON spelling of what the engine says about a request.
#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/json.h"
#include "wire/failure.h"
#include "wire/messages.h"
#include "wire/sampling.h"

namespace sanctum::wire {
namespace {

constexpr int kCountMax = 1 << 30;
constexpr std::size_t kRowsMax = 4096;
// JSON has no minus infinity; OpenAI spells a token that cannot occur as -9999.
constexpr double kLogprobMin = -9999.0;

int count_or(const json::Node& object, std::string_view key) {
  const auto node = object.get(key);
  return node ? static_cast<int>(node->as_int(0, kCountMax)) : 0;
}

void write_members(json::Writer& w, const TokenLogprob& t) {
  const double logprob = std::isnan(t.logprob) ? kLogprobMin : std::max(t.logprob, kLogprobMin);
  w.field("id", t.id).field("bytes", base64_encode(t.bytes)).field("logprob", logprob);
}

TokenLogprob decode_token_logprob(const json::Node& node) {
  TokenLogprob t;
  t.id = static_cast<int>(node.at("id").as_int(0, kTokenIdMax));
  const json::Node bytes = node.at("bytes");
  auto decoded = base64_decode(bytes.as_string());
  if (!decoded) bytes.fail("must be base64");
  t.bytes = std::move(*decoded);
  t.logprob = node.at("logprob").as_double();
  return t;
}

void write(json::Writer& w, const RowDelta& row) {
  w.begin_object().field("request", row.request);
  if (!row.ids.empty()) {
    w.key("ids").begin_array();
    for (const int id : row.ids) w.value(id);
    w.end_array().field("at", row.at);
  }
  if (row.prompt_done > 0)
    w.field("prompt_done", row.prompt_done).field("prompt_cached", row.prompt_cached);
  if (!row.content.empty()) w.field("content", row.content);
  if (!row.reasoning.empty()) w.field("reasoning", row.reasoning);
  if (!row.tool_calls.empty()) {
    w.key("tool_calls").begin_array();
    for (const auto& call : row.tool_calls) {
      w.begin_object().field("index", call.index);
      if (!call.id.empty()) w.field("id", call.id);
      if (!call.name.empty()) w.field("name", call.name);
      w.field("arguments", call.arguments).end_object();
    }
    w.end_array();
  }
  if (!row.logprobs.empty()) {
    w.key("logprobs").begin_array();
    for (const auto& position : row.logprobs) {
      w.begin_object();
      write_members(w, position.chosen);
      w.key("top").begin_array();
      for (const auto& token : position.top) {
        w.begin_object();
        write_members(w, token);
        w.end_object();
      }
      w.end_array().end_object();
    }
    w.end_array();
  }
  w.end_object();
}

RowDelta decode_row(const json::Node& node) {
  RowDelta row;
  row.request = node.at("request").as_string();
  if (const auto ids = node.get("ids")) {
    for (const auto& id : ids->as_array())
      row.ids.push_back(static_cast<int>(id.as_int(0, kTokenIdMax)));
  }
  row.at = count_or(node, "at");
  row.prompt_done = count_or(node, "prompt_done");
  row.prompt_cached = count_or(node, "prompt_cached");
  row.content = node.as_string_or("content", "");
  row.reasoning = node.as_string_or("reasoning", "");
  if (const auto calls = node.get("tool_calls")) {
    for (const auto& item : calls->as_array()) {
      ToolCallDelta call;
      call.index = static_cast<int>(item.at("index").as_int(0, kCountMax));
      call.id = item.as_string_or("id", "");
      call.name = item.as_string_or("name", "");
      call.arguments = item.as_string_or("arguments", "");
      row.tool_calls.push_back(std::move(call));
    }
  }
  if (const auto positions = node.get("logprobs")) {
    for (const auto& item : positions->as_array()) {
      PositionLogprobs position;
      position.chosen = decode_token_logprob(item);
      for (const auto& token : item.at("top").as_array())
        position.top.push_back(decode_token_logprob(token));
      row.logprobs.push_back(std::move(position));
    }
  }
  return row;
}

}  // namespace

bool is_silent(const RowDelta& row) {
  return row.content.empty() && row.reasoning.empty() && row.tool_calls.empty() &&
         row.logprobs.empty();
}

std::string encode(const Accepted& a) {
  json::Writer w;
  w.begin_object().field("request", a.request).field("prompt_tokens", a.prompt_tokens);
  w.field("image_tokens", a.image_tokens).field("seed", a.seed);
  if (!a.files.empty()) w.field("files", a.files);
  w.field("context_tokens", a.context_tokens);
  if (!a.ignored.empty()) {
    w.key("ignored").begin_array();
    for (const auto& keyword : a.ignored) w.value(keyword);
    w.end_array();
  }
  w.end_object();
  return w.take();
}

Accepted decode_accepted(const json::Node& result) {
  Accepted a;
  a.request = result.at("request").as_string();
  a.prompt_tokens = count_or(result, "prompt_tokens");
  a.image_tokens = count_or(result, "image_tokens");
  if (const auto seed = result.get("seed")) a.seed = seed->as_uint64();
  a.files = result.as_string_or("files", "");
  a.context_tokens = count_or(result, "context_tokens");
  if (const auto keywords = result.get("ignored"))
    for (const auto& keyword : keywords->as_array(kIgnoredMax))
      a.ignored.push_back(keyword.as_string());
  return a;
}

std::string encode(const TokensFrame& frame) {
  json::Writer w;
  w.begin_object().field("step", frame.step).key("rows").begin_array();
  for (const auto& row : frame.rows) write(w, row);
  w.end_array().end_object();
  return w.take();
}

TokensFrame decode_tokens(const json::Node& params) {
  TokensFrame frame;
  frame.step = params.at("step").as_uint64();
  for (const auto& row : params.at("rows").as_array(kRowsMax))
    frame.rows.push_back(decode_row(row));
  return frame;
}

std::string encode(const Completed& c) {
  json::Writer w;
  w.begin_object().field("request", c.request).field("finish_reason", to_string(c.finish_reason));
  if (!c.stop_string.empty()) w.field("stop_string", c.stop_string);
  w.key("usage").begin_object().field("prompt_tokens", c.usage.prompt_tokens);
  w.field("completion_tokens", c.usage.completion_tokens)
      .field("cached_tokens", c.usage.cached_tokens);
  w.field("image_tokens", c.usage.image_tokens);
  w.field("reasoning_tokens", c.usage.reasoning_tokens).end_object();
  w.key("timings").begin_object().field("queue_us", c.timings.queue_us);
  w.field("vision_us", c.timings.vision_us).field("prefill_us", c.timings.prefill_us);
  w.field("decode_us", c.timings.decode_us).end_object();
  if (c.failure) w.key("failure").raw(encode(*c.failure));
  if (!is_silent(c.last)) {
    w.key("last");
    write(w, c.last);
  }
  w.end_object();
  return w.take();
}

Completed decode_completed(const json::Node& params) {
  Completed c;
  c.request = params.at("request").as_string();
  const json::Node reason = params.at("finish_reason");
  const auto known = finish_reason(reason.as_string());
  if (!known) reason.fail("is no way for an answer to end");
  c.finish_reason = *known;
  c.stop_string = params.as_string_or("stop_string", "");
  if (const auto usage = params.get("usage")) {
    c.usage.prompt_tokens = count_or(*usage, "prompt_tokens");
    c.usage.completion_tokens = count_or(*usage, "completion_tokens");
    c.usage.cached_tokens = count_or(*usage, "cached_tokens");
    c.usage.image_tokens = count_or(*usage, "image_tokens");
    c.usage.reasoning_tokens = count_or(*usage, "reasoning_tokens");
  }
  if (const auto timings = params.get("timings")) {
    c.timings.queue_us = timings->as_int_or("queue_us", 0);
    c.timings.vision_us = timings->as_int_or("vision_us", 0);
    c.timings.prefill_us = timings->as_int_or("prefill_us", 0);
    c.timings.decode_us = timings->as_int_or("decode_us", 0);
  }
  if (const auto failure = params.get("failure")) c.failure = decode_failure(*failure);
  if (const auto last = params.get("last")) c.last = decode_row(*last);
  return c;
}

}  // namespace sanctum::wire
