#include "gateway/api_request.h"

#include <algorithm>
#include <array>
#include <span>

#include "gateway/request_id.h"
#include "wire/sampling.h"

namespace sanctum::gateway {

namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 4> kCommonFields{"model", "stream", "stream_options", "n"};

void refuse_outside(const json::Node& object, std::initializer_list<Names> lists) {
  for (const auto& [key, node] : object.members()) {
    const auto holds = [&key = key](Names list) {
      return std::find(list.begin(), list.end(), key) != list.end();
    };
    if (!node.is_null() && std::none_of(lists.begin(), lists.end(), holds))
      node.fail("is not supported");
  }
}

}  // namespace

void refuse_unknown(const json::Node& object, std::initializer_list<std::string_view> known,
                    std::initializer_list<std::string_view> ignored) {
  refuse_outside(object, {Names(known), Names(ignored)});
}

void refuse_unknown_beside_common(const json::Node& root,
                                  std::initializer_list<std::string_view> known,
                                  std::initializer_list<std::string_view> ignored) {
  refuse_outside(root, {kCommonFields, wire::kSamplingFields, Names(known), Names(ignored)});
}

std::string public_field(const std::string& engine_field) {
  constexpr std::string_view kSampling = "sampling.";
  if (engine_field.rfind(kSampling, 0) == 0) return engine_field.substr(kSampling.size());
  if (engine_field == "prompt_ids") return "prompt";
  if (engine_field == "template_options") return "chat_template_kwargs";
  const bool part = engine_field.rfind("messages[", 0) == 0 && engine_field.back() == ']' &&
                    engine_field.find("].content[") != std::string::npos;
  return part ? engine_field + ".image_url.url" : engine_field;  // only pictures are opened there
}

ApiRequest decode_common(const json::Node& root) {
  if (!root.is_object()) root.fail("must be a JSON object, not " + std::string(root.kind()));
  ApiRequest request;
  if (const auto model = root.get("model")) {
    request.generate.model = model->as_string();
    if (request.generate.model.empty()) model->fail("must not be empty");
  }
  request.generate.sampling = wire::read_sampling(root);
  if (!request.generate.sampling.seed) request.generate.sampling.seed = random_seed();
  if (const auto n = root.get("n")) {
    if (n->as_int(1) != 1) n->fail("must be 1: one answer a request is given");
  }
  request.stream = root.as_bool_or("stream", false);
  if (const auto options = root.get("stream_options")) {
    if (!request.stream) options->fail("is only allowed with \"stream\": true");
    refuse_unknown(*options, {"include_usage"}, {"include_obfuscation", "continuous_usage_stats"});
    request.include_usage = options->as_bool_or("include_usage", false);
  }
  return request;
}

}  // namespace sanctum::gateway
