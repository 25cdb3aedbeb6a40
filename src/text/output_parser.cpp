#include "text/output_parser.h"

#include <utility>

#include "text/harmony_reader.h"
#include "text/marked_reader.h"
#include "text/pending_text.h"

namespace sanctum::text {
namespace {

std::unique_ptr<OutputReader> reader_for(OutputOptions& options) {
  MarkedOptions wanted{options.tool_calls, options.reasoning, options.starts_in_reasoning,
                       std::move(options.tools)};
  const bool parses = options.tool_calls || options.reasoning;
  if (options.format == OutputFormat::kHarmony && parses) return harmony_reader(std::move(wanted));
  return marked_reader(row_of(options.format), std::move(wanted));
}

}  // namespace

OutputParser::OutputParser(OutputOptions options)
    : reader_(reader_for(options)),
      text_(std::make_unique<PendingText>(std::move(options.markers))),
      sink_(row_of(options.format).ids, std::move(options.id_seed)) {}
OutputParser::~OutputParser() = default;
OutputParser::OutputParser(OutputParser&&) noexcept = default;
OutputParser& OutputParser::operator=(OutputParser&&) noexcept = default;

OutputParser::Event OutputParser::push(std::string_view text) {
  text_->push(text);
  while (reader_->step(*text_, sink_, false)) {
  }
  return sink_.take();
}

OutputParser::Event OutputParser::finish(Ending ending) {
  while (reader_->step(*text_, sink_, true)) {
  }
  reader_->end(*text_, sink_, ending);
  return sink_.take();
}

}  // namespace sanctum::text
