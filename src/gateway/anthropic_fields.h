// The objects of POST /v1/messages, field by field.
#pragma once

#include "gateway/fields.h"

namespace sanctum::gateway {

extern const ObjectFields kMessagesRequestFields, kOutputConfigFields, kThinkingFields;
extern const ObjectFields kTurnFields;  // one of `messages`
extern const ObjectFields kTextBlockFields, kImageBlockFields, kImageSourceFields;
extern const ObjectFields kToolUseFields, kToolResultFields, kThinkingBlockFields;
extern const ObjectFields kClientToolFields, kClientToolChoiceFields;

// All of them, for who tells of them.
FieldTables anthropic_fields();

}  // namespace sanctum::gateway
