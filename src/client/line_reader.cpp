#include "client/line_reader.h"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <iostream>
#include <string_view>

namespace sanctum::client {

namespace {

// A terminal that is asked to marks where a paste begins and ends (xterm's bracketed paste).
constexpr const char* kMarkPastes = "\x1b[?2004h";
constexpr const char* kMarkPastesNoMore = "\x1b[?2004l";
constexpr const char* kPasteBegins = "\x1b[200~";
constexpr std::wstring_view kPasteEnds = L"\x1b[201~";

// Into the line as it is, so that its line feeds end nothing.
unsigned char take_paste(EditLine* line, int) {
  std::wstring text;
  wchar_t next = 0;
  while (text.size() < kPasteCharactersMax && !text.ends_with(kPasteEnds) &&
         el_wgetc(line, &next) == 1)
    text += next == L'\r' ? L'\n' : next;
  if (text.ends_with(kPasteEnds)) text.resize(text.size() - kPasteEnds.size());
  while (text.ends_with(L'\n')) text.pop_back();
  return el_winsertstr(line, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

void say(const char* sequence) {
  if (::isatty(STDOUT_FILENO) != 1) return;
  std::fputs(sequence, stdout);
  std::fflush(stdout);
}

}  // namespace

struct LineReader::Editor {
  std::string prompt, usual;
  EditLine* line = nullptr;
  History* history = nullptr;

  ~Editor() {
    if (history != nullptr) history_end(history);
    if (line == nullptr) return;
    say(kMarkPastesNoMore);
    el_end(line);
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
  editor_->prompt = editor_->usual = std::move(prompt);
  editor_->line = el_init("sanctum", stdin, stdout, stderr);
  if (editor_->line == nullptr) return;
  el_set(editor_->line, EL_CLIENTDATA, editor_.get());
  el_set(editor_->line, EL_PROMPT, &Editor::prompt_of);
  el_set(editor_->line, EL_EDITOR, "emacs");
  el_set(editor_->line, EL_ADDFN, "take-paste", "Takes a paste of several lines", take_paste);
  el_set(editor_->line, EL_BIND, kPasteBegins, "take-paste", nullptr);
  say(kMarkPastes);
  editor_->history = history_init();
  HistEvent event;
  history(editor_->history, &event, H_SETSIZE, kHistoryLinesMax);
  history(editor_->history, &event, H_SETUNIQUE, 1);
  el_set(editor_->line, EL_HIST, history, editor_->history);
}

LineReader::~LineReader() = default;

LineReader::Input LineReader::read(const std::string& prompt) {
  if (editor_->line == nullptr) {
    Input input;
    if (std::getline(std::cin, input.text)) input.end = End::kLine;
    return input;
  }
  editor_->prompt = prompt.empty() ? editor_->usual : prompt;
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
