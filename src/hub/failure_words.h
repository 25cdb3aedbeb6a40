// What a hub's refusal means, and what to do about it. Pure.
#pragma once

#include <string>

#include "base/error.h"
#include "hub/fetch.h"
#include "hub/retry_policy.h"

namespace sanctum::hub {

struct Asked {
  std::string endpoint, model, revision;
  std::string file = {};  // empty: the list of them
  bool with_token = false;
};

// Of a status that is none of 2xx, or of an end that is not kAnswered.
Error failure_of(const Fetched& fetched, const Asked& asked);

// What of retry_policy.h it is, where it may be tried again.
Trouble trouble_of(const Fetched& fetched);
// Whether the store to which the hub sent us let nobody in: it is asked no token, and an address
// of its kind is good for a while. Asking the hub again brings another one.
bool turned_away(const Fetched& fetched);
// Whether asking again may help: broken lines, 408, 429 and 5xx, and who was turned away.
bool may_be_tried_again(const Fetched& fetched);

}  // namespace sanctum::hub
