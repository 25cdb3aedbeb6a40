# Turns a text file into a C++ source that holds its bytes, whatever they are.
#   cmake -DINPUT=battery.json -DOUTPUT=battery_text.cpp -P embed_text.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REPEAT "0x..," 16 one_line)
string(REGEX REPLACE "(${one_line})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"probes/battery.h\"

namespace sanctum::probes {
namespace {

constexpr unsigned char kBytes[] = {
${bytes}0};

}  // namespace

std::string_view built_in_battery() {
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes - 1};
}

}  // namespace sanctum::probes
")
