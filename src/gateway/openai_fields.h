// The objects of POST /v1/chat/completions and POST /v1/completions, field by field.
#pragma once

#include "gateway/fields.h"

namespace sanctum::gateway {

extern const ObjectFields kChatRequestFields, kCompletionRequestFields, kStreamOptionsFields;
// Messages by their role; what their makers add cannot change the answer.
extern const ObjectFields kMessageFields, kAssistantMessageFields, kToolMessageFields;
extern const ObjectFields kTextPartFields, kRefusalPartFields, kPicturePartFields, kImageUrlFields;
extern const ObjectFields kToolCallFields, kCalledFunctionFields;
extern const ObjectFields kToolFields, kFunctionFields;
extern const ObjectFields kResponseFormatFields, kJsonSchemaFields, kStructuredOutputsFields;

// All of them, for who tells of them.
FieldTables openai_fields();

}  // namespace sanctum::gateway
