# One library a folder, in the order in which folders may include one another. The same order is checked, include by include,
# by tests/structure/layers.sh.

# cbench_layer(folder dependency…): the library of a folder, named after it with dots (`compiler.base`).
function(cbench_layer folder)
  string(REPLACE "/" "." name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC cbench_options ${ARGN})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE cbench_options ${ARGN})
  endif()
endfunction()

# Policies and modules written in the language, what `cbench init` writes, and what the manual quotes, as string constants in the
# program (stdlib/embed).
set(embedded "")
foreach(kind policies modules templates docs)
  if(kind STREQUAL "docs")
    set(texts ${CMAKE_SOURCE_DIR}/docs/cli.md)
  else()
    file(GLOB texts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/stdlib/${kind}/*.cbp ${CMAKE_SOURCE_DIR}/stdlib/${kind}/*.yml)
  endif()
  set(output ${CMAKE_BINARY_DIR}/generated/stdlib/embed/${kind}.inc)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DTEXTS=${texts}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${texts} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  list(APPEND embedded ${output})
endforeach()
add_custom_target(embedded_texts DEPENDS ${embedded})

# Arrow's IPC messages, from our own schema file, by the FlatBuffers compiler.
set(arrow_fbs ${CMAKE_SOURCE_DIR}/runtime/trace/arrow.fbs)
set(arrow_header ${CMAKE_BINARY_DIR}/generated/runtime/trace/arrow_generated.h)
add_custom_command(OUTPUT ${arrow_header}
  COMMAND flatc --cpp --scoped-enums -o ${CMAKE_BINARY_DIR}/generated/runtime/trace ${arrow_fbs}
  DEPENDS ${arrow_fbs} VERBATIM)
add_custom_target(arrow_messages DEPENDS ${arrow_header})

add_library(llvm INTERFACE)
target_include_directories(llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
if(CBENCH_STATIC)
  llvm_map_components_to_libnames(llvm_components core jitlink native ipo scalaropts instcombine)
  target_link_libraries(llvm INTERFACE ${llvm_components})
else()
  target_link_libraries(llvm INTERFACE LLVM)
endif()

cbench_layer(stdlib/abi)
cbench_layer(stdlib/embed)
add_dependencies(stdlib.embed embedded_texts)
cbench_layer(compiler/base stdlib.abi stdlib.embed fmt::fmt)
cbench_layer(grammar taocpp::pegtl)
cbench_layer(compiler/ast compiler.base)
cbench_layer(compiler/parse compiler.ast grammar)
cbench_layer(compiler/format compiler.parse)
cbench_layer(compiler/config compiler.base stdlib.embed yaml-cpp pcre2-8 nlohmann_json::nlohmann_json)
cbench_layer(compiler/check compiler.ast)
cbench_layer(compiler/plan compiler.check)
cbench_layer(compiler/image compiler.plan)
target_compile_definitions(compiler.image PRIVATE CBENCH_VERSION="${PROJECT_VERSION}")
cbench_layer(compiler/pipeline compiler.image compiler.parse compiler.format compiler.config stdlib.embed)
cbench_layer(compiler/native compiler.image)
# LLVM, from here to the program that generates code; nothing else links it.
cbench_layer(compiler/lower compiler.plan llvm)
cbench_layer(compiler/jit compiler.lower compiler.image llvm)
cbench_layer(compiler/codegen compiler.jit compiler.parse)
add_executable(cbench-codegen compiler/codegen/main.cpp)
target_link_libraries(cbench-codegen PRIVATE compiler.codegen)

cbench_layer(stdlib/intrinsics compiler.base)
cbench_layer(runtime/host compiler.base nlohmann_json::nlohmann_json)
cbench_layer(runtime/resctrl_sim compiler.base PkgConfig::FUSE Threads::Threads)
add_executable(cbench-resctrl-sim runtime/resctrl_sim/main.cpp)
target_link_libraries(cbench-resctrl-sim PRIVATE runtime.resctrl_sim CLI11::CLI11)
cbench_layer(runtime/dataframe stdlib.abi)
cbench_layer(runtime/trace runtime.host runtime.dataframe nlohmann_json::nlohmann_json)
add_dependencies(runtime.trace arrow_messages)
cbench_layer(runtime/libcurl compiler.base)
target_include_directories(runtime.libcurl SYSTEM PUBLIC ${CURL_INCLUDE_DIRS})  # it is loaded, not linked
target_link_libraries(runtime.libcurl PUBLIC ${CMAKE_DL_LIBS})
cbench_layer(runtime/engines runtime.host runtime.libcurl nlohmann_json::nlohmann_json Threads::Threads)
cbench_layer(runtime/collectors runtime.engines runtime.dataframe pcre2-8 $<IF:$<BOOL:${CBENCH_STATIC}>,libpfm.a,pfm>)
cbench_layer(runtime/actuators runtime.engines stdlib.intrinsics)
cbench_layer(runtime/policy stdlib.intrinsics runtime.dataframe)
cbench_layer(runtime/exporters runtime.trace runtime.libcurl ZLIB::ZLIB nlohmann_json::nlohmann_json)
cbench_layer(runtime/loop runtime.collectors runtime.actuators runtime.policy runtime.exporters)
cbench_layer(runtime/analysis runtime.loop)
cbench_layer(runtime/driver runtime.analysis compiler.pipeline compiler.native CLI11::CLI11)
target_compile_definitions(runtime.driver PRIVATE CBENCH_VERSION="${PROJECT_VERSION}")
add_dependencies(runtime.driver cbench-codegen cbench-resctrl-sim)

add_executable(cbench runtime/driver/main.cpp)
target_link_libraries(cbench PRIVATE runtime.driver)
if(CBENCH_STATIC)
  # At a fixed address LLVM's 200 000 pointers and libpfm's 40 000 need no relocation: half the time of a start, and
  # the memory of tables of which a host needs a few.
  target_link_options(cbench PRIVATE -no-pie)
  # Of LLVM what is used: a quarter less to map, and no libz3.
  target_link_options(cbench-codegen PRIVATE -no-pie LINKER:--gc-sections,--as-needed)
endif()
install(TARGETS cbench RUNTIME DESTINATION bin)
install(TARGETS cbench-codegen cbench-resctrl-sim RUNTIME DESTINATION libexec/cbench)
# By the program itself, so that they are those of its commands.
install(CODE "set(PROGRAM \"$<TARGET_FILE:cbench>\")
  set(WORK \"${CMAKE_BINARY_DIR}/installed\")")
install(SCRIPT ${CMAKE_SOURCE_DIR}/cmake/install_docs.cmake)
