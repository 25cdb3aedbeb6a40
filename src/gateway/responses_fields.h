// The objects of POST /v1/responses, field by field.
#pragma once

#include "gateway/fields.h"

namespace sanctum::gateway {

extern const ObjectFields kResponsesRequestFields, kResponsesReasoningFields, kResponsesTextFields;
// One of `input`.
extern const ObjectFields kInputMessageFields, kInputPartFields, kFunctionCallItemFields,
    kFunctionOutputFields, kReasoningItemFields;
extern const ObjectFields kFlatFunctionFields, kCustomToolFields, kNamespaceFields;

// All of them, for who tells of them.
FieldTables responses_fields();

}  // namespace sanctum::gateway
