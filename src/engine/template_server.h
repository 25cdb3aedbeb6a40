// The process that renders chat templates for an engine: what a template can do to a process, it
// does to this one.
//
// Memory and processor time are bounded for each rendering; a template that asks for more, or whose
// values are too deep for the stack, ends the process. It holds nothing that anybody would miss.
#pragma once

namespace sanctum::engine {

// Answers what comes on `fd` until its end; the process's exit status.
int serve_templates(int fd);

}  // namespace sanctum::engine
