# Run by cmake -P: what the version of a build is (cmake/Version.cmake).
include(${CMAKE_CURRENT_LIST_DIR}/../../../cmake/Version.cmake)

function(expect description version)
  netctl_version_of("${description}" got)
  if(NOT got STREQUAL version)
    message(SEND_ERROR "\"${description}\" is \"${got}\", not \"${version}\"")
  endif()
endfunction()

# A tag is its version, what comes behind it is behind it.
expect(v1.2.3-0-gabcdef012345 1.2.3)
expect(1.2.3-0-gabcdef012345 1.2.3)
expect(v1.2.3-5-gabcdef012345 1.2.3+5.gabcdef012345)
expect(v1.2.3-0-gabcdef012345-dirty 1.2.3+dirty)
expect(v1.2.3-5-gabcdef012345-dirty 1.2.3+5.gabcdef012345.dirty)
expect(v2.0.0-rc1-0-gabcdef012345 2.0.0-rc1)
# What is no version of ours is none.
expect("" "")
expect(abcdef012345 "")
expect(latest-0-gabcdef012345 "")

# A tarball has the project's version, wherever it was unpacked: here inside of this git tree.
netctl_find_version(${CMAKE_CURRENT_LIST_DIR} 7.7.7 got)
if(NOT got STREQUAL "7.7.7")
  message(SEND_ERROR "a tarball's version is \"${got}\"")
endif()

# A git tree without a tag names its commit, and with one the tag's version.
find_program(GIT_EXECUTABLE git)
if(GIT_EXECUTABLE)
  string(RANDOM LENGTH 12 name)
  set(tree ${CMAKE_CURRENT_BINARY_DIR}/version-${name})
  set(git ${GIT_EXECUTABLE} -C ${tree} -c user.name=a -c user.email=a@b.invalid)
  file(MAKE_DIRECTORY ${tree})
  execute_process(COMMAND ${git} init --quiet COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${git} commit --quiet --allow-empty -m first COMMAND_ERROR_IS_FATAL ANY)
  netctl_find_version(${tree} 7.7.7 untagged)
  execute_process(COMMAND ${git} tag v8.0.0 COMMAND_ERROR_IS_FATAL ANY)
  netctl_find_version(${tree} 7.7.7 tagged)
  file(REMOVE_RECURSE ${tree})
  if(NOT untagged MATCHES "^7\\.7\\.7\\+g[0-9a-f]+$")
    message(SEND_ERROR "without a tag the version is \"${untagged}\"")
  endif()
  if(NOT tagged STREQUAL "8.0.0")
    message(SEND_ERROR "with the tag v8.0.0 the version is \"${tagged}\"")
  endif()
endif()

# The time that files carry is the one that is asked for.
set(ENV{SOURCE_DATE_EPOCH} 1234567890)
netctl_find_epoch(${CMAKE_CURRENT_LIST_DIR} epoch)
if(NOT epoch EQUAL 1234567890)
  message(SEND_ERROR "SOURCE_DATE_EPOCH=1234567890 gives ${epoch}")
endif()
