# netctl_version_of(DESCRIPTION RESULT): what `git describe --tags --long --dirty` says, as a
# version: v1.2.3-0-gabc is 1.2.3, and five commits later 1.2.3+5.gabc, which dpkg and semantic
# versioning sort behind it. "+…dirty": files were changed since.
function(netctl_version_of description result)
  set(version "")
  if(description MATCHES "^v?([0-9][^ ]*)-([0-9]+)-(g[0-9a-f]+)(-dirty)?$")
    set(version ${CMAKE_MATCH_1})
    set(behind "")
    if(NOT CMAKE_MATCH_2 EQUAL 0)
      set(behind "${CMAKE_MATCH_2}.${CMAKE_MATCH_3}")
    endif()
    if(CMAKE_MATCH_4)
      string(APPEND behind ".dirty")
    endif()
    if(behind)
      string(REGEX REPLACE "^\\." "" behind "${behind}")
      string(APPEND version "+${behind}")
    endif()
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# netctl_find_version(SOURCE FALLBACK RESULT): of the git tree that begins at SOURCE; without a tag
# FALLBACK+<commit>; FALLBACK alone in a tarball, which is no tree (even inside of another's).
function(netctl_find_version source fallback result)
  set(${result} ${fallback} PARENT_SCOPE)
  find_program(GIT_EXECUTABLE git)
  if(NOT GIT_EXECUTABLE OR NOT EXISTS ${source}/.git)
    return()
  endif()
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --tags --match "v[0-9]*" --long --dirty --abbrev=12
                  WORKING_DIRECTORY ${source} OUTPUT_VARIABLE described ERROR_QUIET
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT described)
    execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=12
                    WORKING_DIRECTORY ${source} OUTPUT_VARIABLE commit ERROR_QUIET
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT commit)
      return()
    endif()
    string(REPLACE "-" "." commit "${commit}")  # -dirty
    set(${result} "${fallback}+g${commit}" PARENT_SCOPE)
    return()
  endif()
  netctl_version_of("${described}" version)
  if(version)
    set(${result} ${version} PARENT_SCOPE)
  endif()
endfunction()

# netctl_find_epoch(SOURCE RESULT): the time that everything made of this tree carries, in seconds:
# SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch), else that of the commit, else
# that of CMakeLists.txt, which is what a tarball has kept.
function(netctl_find_epoch source result)
  set(epoch "$ENV{SOURCE_DATE_EPOCH}")
  find_program(GIT_EXECUTABLE git)
  if(NOT epoch AND GIT_EXECUTABLE AND EXISTS ${source}/.git)
    execute_process(COMMAND ${GIT_EXECUTABLE} log -1 --format=%ct WORKING_DIRECTORY ${source}
                    OUTPUT_VARIABLE epoch ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  if(NOT epoch)
    file(TIMESTAMP ${source}/CMakeLists.txt epoch "%s" UTC)
  endif()
  set(${result} ${epoch} PARENT_SCOPE)
endfunction()
