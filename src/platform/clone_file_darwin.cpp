#include <copyfile.h>
#include <sys/clonefile.h>

#include <cerrno>

#include "base/file_error.h"
#include "platform/clone_file.h"

namespace sanctum::platform {

bool share_blocks(const std::string& from, const std::string& to) {
  return ::clonefile(from.c_str(), to.c_str(), 0) == 0;
}

void clone_file(const std::string& from, const std::string& to) {
  if (share_blocks(from, to)) return;
  if (::copyfile(from.c_str(), to.c_str(), nullptr, COPYFILE_ALL | COPYFILE_EXCL) != 0)
    throw Error(ErrorCode::kUnavailable,
                "cannot copy " + from + " to " + to + ": " + file_error_text(errno));
}

}  // namespace sanctum::platform
