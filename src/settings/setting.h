// What a setting is: its names, its type and limits, its words for a person. A program's settings
// are one table of these, bound to the value that they set; options of a command, variables, the
// configuration file and the reference page all come from that table.
//
// Lifetime: a bound table points into its value and must not outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "settings/ranges.h"

namespace sanctum::settings {

// Throws Error(kInvalid) for a text that is none of a setting's, saying what `name` must be.
using TextCheck = std::function<void(const std::string& text, const std::string& name)>;

struct Text {
  std::string* value;
  std::vector<std::string> choices = {};  // none: any text
  TextCheck check = {};
};
struct Path {  // of a file or directory here; empty: none
  std::string* value;
};
struct Texts {
  std::vector<std::string>* value;
  TextCheck check = {};  // of each
  bool models = false;   // each is a [NAME=]MODEL, perhaps a directory
  // Of models, where a table of the file says what else they are called: "ALIAS=NAME".
  std::vector<std::string>* aliases = nullptr;
};
struct Number {
  int* value;
  Range range;
};
struct Bytes {  // as a number, or as text with a unit: "2GiB"
  std::uint64_t* value;
};
struct Setting;
// A table that may stand several times, `[[key]]`; in the file alone.
struct Rows {
  std::function<void()> clear;
  std::function<std::vector<Setting>()> add;                 // the settings of one more row
  std::function<std::vector<std::vector<Setting>>()> bound;  // those that there are
  std::size_t max;
};

struct Setting {
  std::string key;            // in the file
  std::string flag = {};      // "--listen"; "models" for words without one; empty: none
  std::string variable = {};  // of the environment; empty: none
  std::variant<Text, Path, Texts, Number, Bytes, Rows> type = {};
  std::string what = {};         // for a person, in a sentence
  std::string placeholder = {};  // what help calls the value; empty: its type's own name
  std::string unit = {};         // of a number: "s", "tokens"; empty: a count
  std::string group = {};        // of options in help; empty: the usual one
};

inline bool is_flag(const Setting& setting) {
  return setting.flag.rfind("--", 0) == 0;
}

// As a command line says them: one word, or one for each item; none for tables.
std::vector<std::string> words_of(const Setting& setting);

// In words: "an integer from 1 to 256", "one of auto, cpu, mlx".
std::string limits_of(const Setting& setting);

}  // namespace sanctum::settings
