// What lies beside a model's weights and is no weight.
#pragma once

#include <string>

namespace sanctum::convert {

// Tokenizer, templates (named ones in additional_chat_templates/ too) and settings, as they are;
// not config.json, an index of weights, nor hidden files. Throws as read_file, also for a link that
// leads nowhere and for what is no file, and as write_file_atomically.
void copy_texts(const std::string& from, const std::string& to);

}  // namespace sanctum::convert
