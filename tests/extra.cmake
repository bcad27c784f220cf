# Tests against real peers on this machine. tests/host/NAME/*.cpp makes test.host.NAME, with the libraries that a line
# `// link: runtime.engines` in one of its files names; `// timeout: 1800` gives its tests more than 400 s. A folder with a
# CMakeLists.txt of its own is left to that.
#
# All tests of a folder with the line `// needs: dockerd` share one private Docker daemon: DOCKER_HOST names its socket, and
# the images cbench-test/busybox:1 and cbench-test/stress-ng:1 are in it. Its folder is short, for a socket's path is.
string(MD5 cbench_build_hash "${CMAKE_BINARY_DIR}")
string(SUBSTRING ${cbench_build_hash} 0 8 cbench_build_hash)
set(dockerd_folder /tmp/cbench-dockerd-${cbench_build_hash})
file(WRITE ${CMAKE_BINARY_DIR}/dockerd.host "unix://${dockerd_folder}/docker.sock\n")

add_test(NAME host/dockerd/start COMMAND sh -c "\"$1/dockerd.sh\" start \"$2\" && \"$1/images.sh\" \"$2/docker.sock\"" sh
         ${CMAKE_CURRENT_SOURCE_DIR}/support ${dockerd_folder})
add_test(NAME host/dockerd/stop COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/dockerd.sh stop ${dockerd_folder})
set_tests_properties(host/dockerd/start PROPERTIES FIXTURES_SETUP dockerd TIMEOUT 300 SKIP_RETURN_CODE 77)
set_tests_properties(host/dockerd/stop PROPERTIES FIXTURES_CLEANUP dockerd TIMEOUT 120)

file(GLOB host_folders CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/host/*)
foreach(folder ${host_folders})
  get_filename_component(name ${folder} NAME)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(sources AND NOT EXISTS ${folder}/CMakeLists.txt)
    set(link "")
    set(needs "")
    set(timeout 400)
    foreach(source ${sources})
      file(STRINGS ${source} lines REGEX "^// (link|needs|timeout): ")
      foreach(line ${lines})
        string(REGEX REPLACE "^// (link|needs|timeout): " "" words "${line}")
        separate_arguments(words)
        if(line MATCHES "^// link")
          list(APPEND link ${words})
        elseif(line MATCHES "^// timeout")
          set(timeout ${words})
        else()
          list(APPEND needs ${words})
        endif()
      endforeach()
    endforeach()
    add_executable(test.host.${name} ${sources})
    target_link_libraries(test.host.${name} PRIVATE ${link} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(test.host.${name} PRIVATE CBENCH_TESTS_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
    set(properties RUN_SERIAL TRUE TIMEOUT ${timeout} ENVIRONMENT DOCKER_HOST=unix://${dockerd_folder}/docker.sock)
    if("dockerd" IN_LIST needs)
      list(APPEND properties FIXTURES_REQUIRED dockerd)
    endif()
    gtest_discover_tests(test.host.${name} TEST_PREFIX "host/${name}: " DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
  endif()
endforeach()
