#include "text/argument_writer.h"

#include <gtest/gtest.h>

namespace sanctum::text {
namespace {

TEST(ArgumentWriter, WritesWhatItIsTold) {
  ArgumentWriter writer;
  writer.open('{');
  writer.key("a\"b");
  writer.begin_string();
  for (const char c : std::string_view("é\"\\\n\r\t\x01")) writer.string_byte(c);
  writer.end_string();
  writer.key("n");
  writer.value("12");
  writer.key("l");
  writer.open('[');
  writer.value("1");
  writer.begin_string();
  for (const char c : std::string_view("\\n\"\n")) writer.string_json(c);
  writer.end_string();
  writer.open('{');
  writer.close();
  writer.close();
  EXPECT_EQ(writer.depth(), 1u);
  writer.close();
  EXPECT_EQ(writer.take(), R"({"a\"b":"é\"\\\n\r\t\u0001","n":12,"l":[1,"\n"\n",{}]})");
  EXPECT_EQ(writer.depth(), 0u);
}

TEST(ArgumentWriter, WhateverIsOpenCanBeClosed) {
  ArgumentWriter writer;
  writer.open('{');
  writer.key("a");
  writer.key("b");
  writer.open('[');
  writer.open('{');
  writer.key("c");
  writer.begin_string();
  writer.string_byte('x');
  writer.key("d");
  writer.close_all();
  writer.close();
  EXPECT_EQ(writer.take(), R"({"a":null,"b":[{"c":"x","d":null}]})");
}

}  // namespace
}  // namespace sanctum::text
