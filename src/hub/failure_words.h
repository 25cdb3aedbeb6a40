// What a hub's refusal means, and what to do about it. Pure.
#pragma once

#include <string>

#include "base/error.h"
#include "hub/fetch.h"

namespace sanctum::hub {

struct Asked {
  std::string endpoint, model, revision;
  std::string file = {};  // empty: the list of them
  bool with_token = false;
};

// Of a status that is none of 2xx, or of an end that is not kAnswered.
Error failure_of(const Fetched& fetched, const Asked& asked);

// Whether asking again may help: broken lines, 408, 429 and 5xx.
bool may_be_tried_again(const Fetched& fetched);

}  // namespace sanctum::hub
