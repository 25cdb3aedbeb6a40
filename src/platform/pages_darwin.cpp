#include "platform/pages.h"

namespace sanctum::platform {

void Pages::use_large() {}  // this system chooses by itself

}  // namespace sanctum::platform
