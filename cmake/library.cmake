# One static library a folder, and one unit-test program beside it.
#
#   sanctum_library(wire SOURCES rpc.cpp messages.cpp DEPS base LINK Boost::json TESTS rpc_test.cpp)
#
# DEPS are other Sanctum folders: a folder that is not named here cannot be linked, and
# cmake/include_edges.py (part of ./dev check) refuses an #include across an edge that is not.
function(sanctum_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK;PRIVATE_LINK;TESTS;TEST_LINK" ${ARGN})
  add_library(sanctum_${name} STATIC ${ARG_SOURCES})
  target_include_directories(sanctum_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  foreach(dep ${ARG_DEPS})
    target_link_libraries(sanctum_${name} PUBLIC sanctum_${dep})
  endforeach()
  target_link_libraries(sanctum_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
  if(SANCTUM_TESTS AND ARG_TESTS)
    find_package(GTest REQUIRED)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE sanctum_${name} ${ARG_TEST_LINK} GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 1800 LABELS unit
      ENVIRONMENT "SANCTUM_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
  endif()
endfunction()
