// What a person names to be downloaded: org/name, or the address of its page. Pure.
#pragma once

#include <string>

namespace sanctum::hub {

struct RepositoryWord {
  std::string model;          // org/name
  std::string revision = {};  // that the address names; empty: none
  std::string file = {};      // likewise
};

// "org/name", "https://huggingface.co/org/name[/tree/REVISION]", "hf.co/org/name", the address of a
// file of it (/blob/REVISION/FILE, /resolve/REVISION/FILE), also at the hub `endpoint`. Throws
// Error(kInvalid, field "name") for what is none, which says what it is instead.
RepositoryWord read_repository_word(const std::string& text, const std::string& endpoint);

}  // namespace sanctum::hub
