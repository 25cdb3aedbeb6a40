#include "client/line_reader.h"

#include <histedit.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <iostream>

namespace sanctum::client {

struct LineReader::Editor {
  std::string prompt;
  EditLine* line = nullptr;
  History* history = nullptr;

  ~Editor() {
    if (history != nullptr) history_end(history);
    if (line != nullptr) el_end(line);
  }
  static char* prompt_of(EditLine* line) {
    void* self = nullptr;
    el_get(line, EL_CLIENTDATA, &self);
    return static_cast<Editor*>(self)->prompt.data();
  }
};

LineReader::LineReader(bool interactive, std::string prompt) : editor_(std::make_unique<Editor>()) {
  if (!interactive) return;
  std::setlocale(LC_CTYPE, "");  // libedit asks it how wide a character is
  editor_->prompt = std::move(prompt);
  editor_->line = el_init("sanctum", stdin, stdout, stderr);
  if (editor_->line == nullptr) return;
  el_set(editor_->line, EL_CLIENTDATA, editor_.get());
  el_set(editor_->line, EL_PROMPT, &Editor::prompt_of);
  el_set(editor_->line, EL_EDITOR, "emacs");
  editor_->history = history_init();
  HistEvent event;
  history(editor_->history, &event, H_SETSIZE, kHistoryLinesMax);
  history(editor_->history, &event, H_SETUNIQUE, 1);
  el_set(editor_->line, EL_HIST, history, editor_->history);
}

LineReader::~LineReader() = default;

LineReader::Input LineReader::read() {
  if (editor_->line == nullptr) {
    Input input;
    if (std::getline(std::cin, input.text)) input.end = End::kLine;
    return input;
  }
  int length = 0;
  errno = 0;
  const char* text = el_gets(editor_->line, &length);
  if (text == nullptr || length <= 0) {
    const bool interrupted = errno == EINTR;
    return {interrupted ? End::kInterrupted : End::kEndOfInput, {}};
  }
  std::string line(text, static_cast<std::size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  if (!line.empty()) {
    HistEvent event;
    history(editor_->history, &event, H_ENTER, line.c_str());
  }
  return {End::kLine, line};
}

}  // namespace sanctum::client
