// The files of src/gateway/page as they stand there: the build writes them into the program.
#pragma once

#include <string_view>
#include <vector>

namespace sanctum::gateway {

struct PageFile {
  std::string_view name;  // "chat.js"
  std::string_view text;
};

// Any thread.
const std::vector<PageFile>& page_files();

}  // namespace sanctum::gateway
