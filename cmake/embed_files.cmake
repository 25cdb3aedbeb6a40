# Writes the files of src/gateway/page into a source of gateway/page_files.h:
#
#   cmake -DDIRECTORY=... -DNAMES="index.html chat.js" -DOUT=... -P embed_files.cmake
separate_arguments(NAMES)
set(text "#include \"gateway/page_files.h\"\n\nnamespace sanctum::gateway {\n\n")
string(APPEND text "const std::vector<PageFile>& page_files() {\n  static const std::vector<PageFile> files{\n")
foreach(name ${NAMES})
  file(READ "${DIRECTORY}/${name}" content)
  string(FIND "${content}" ")file\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${name} holds )file\", which would end its literal")
  endif()
  string(APPEND text "      {\"${name}\", R\"file(${content})file\"},\n")
endforeach()
string(APPEND text "  };\n  return files;\n}\n\n}  // namespace sanctum::gateway\n")
file(WRITE "${OUT}" "${text}")
