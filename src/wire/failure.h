// An Error as it travels: {"code":"too_long","message":"...","field":"messages"}.
#pragma once

#include <string>

#include "base/json.h"
#include "wire/messages.h"

namespace sanctum::wire {

std::string encode(const Failure& failure);
Failure decode_failure(const json::Node& node);

}  // namespace sanctum::wire
