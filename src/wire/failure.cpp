#include "wire/failure.h"

namespace sanctum::wire {

std::string encode(const Failure& failure) {
  json::Writer w;
  w.begin_object().field("code", to_string(failure.code)).field("message", failure.message);
  if (!failure.field.empty()) w.field("field", failure.field);
  w.end_object();
  return w.take();
}

Failure decode_failure(const json::Node& node) {
  Failure failure;
  failure.code = error_code(node.at("code").as_string());
  failure.message = node.at("message").as_string();
  failure.field = node.as_string_or("field", "");
  return failure;
}

}  // namespace sanctum::wire
