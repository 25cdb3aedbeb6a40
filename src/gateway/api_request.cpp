#include "gateway/api_request.h"

#include "gateway/answer_structure.h"
#include "gateway/openai_fields.h"
#include "gateway/request_id.h"
#include "wire/sampling.h"

namespace sanctum::gateway {

std::string public_field(const std::string& engine_field) {
  constexpr std::string_view kSampling = "sampling.";
  if (engine_field.rfind(kSampling, 0) == 0) return engine_field.substr(kSampling.size());
  if (engine_field == "prompt_ids") return "prompt";
  if (engine_field == "structure") return "response_format";
  if (engine_field == "template_options") return "chat_template_kwargs";
  const bool part = engine_field.rfind("messages[", 0) == 0 && engine_field.back() == ']' &&
                    engine_field.find("].content[") != std::string::npos;
  return part ? engine_field + ".image_url.url" : engine_field;  // only pictures are opened there
}

ApiRequest decode_common(const json::Node& root) {
  ApiRequest request;
  if (const auto model = root.get("model")) {
    request.generate.model = model->as_string();
    if (request.generate.model.empty()) model->fail("must not be empty");
  }
  static_cast<wire::SamplingChoice&>(request.generate.sampling) = wire::read_choice(root);
  request.generate.sampling.seed = random_seed();
  request.stream = root.as_bool_or("stream", false);
  return request;
}

ApiRequest decode_openai_common(const json::Node& root, FieldNotes& notes) {
  ApiRequest request = decode_common(root);
  wire::Sampling& sampling = request.generate.sampling;
  const auto seed = sampling.seed;
  sampling = wire::read_sampling(root);
  if (!sampling.seed) sampling.seed = seed;
  if (const auto penalty = root.get("repeat_penalty")) {
    if (root.has("repetition_penalty"))
      penalty->fail("cannot be given together with 'repetition_penalty'");
    sampling.repetition_penalty = wire::repetition_penalty_in(*penalty);
  }
  request.generate.tells_progress = root.as_bool_or("return_progress", false) && request.stream;
  request.generate.structure = read_structure(root, notes, request.structure_field);
  if (request.generate.structure.kind != wire::StructureKind::kNone && sampling.ignore_eos)
    root.at("ignore_eos").fail("cannot be given together with what binds the answer's text");
  if (const auto options = root.get("stream_options")) {
    if (!request.stream) options->fail("is only allowed with \"stream\": true");
    check_fields(*options, kStreamOptionsFields, notes);
    request.include_usage = options->as_bool_or("include_usage", false);
  }
  return request;
}

}  // namespace sanctum::gateway
