# One interface target carries the flags that everything is compiled with.
add_library(netctl_flags INTERFACE)
target_include_directories(netctl_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(
  netctl_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                         -Woverloaded-virtual $<$<BOOL:${NETCTL_WERROR}>:-Werror>)
if(NETCTL_SANITIZE)
  target_compile_options(netctl_flags INTERFACE -fsanitize=address,undefined
                                                -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # At a fixed address: what the sanitizers know of each place in the code would otherwise be two
  # million pointers to adjust, half a second at each start of a program.
  target_link_options(netctl_flags INTERFACE -fsanitize=address,undefined -no-pie)
endif()
# What is released knows nothing of the directory that it was built in, nor of the moment: a source
# file's names of its own come from the name of its object. (Debuggers want the directory.)
if(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  target_compile_options(netctl_flags
                         INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
  string(APPEND CMAKE_CXX_COMPILE_OBJECT " -frandom-seed=<OBJECT>")
endif()
if(NETCTL_FUZZ)
  # What clang counts while the parsers run, so that the fuzzer sees which input was news.
  target_compile_options(netctl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NETCTL_STATIC)
  # No library to load and nothing to relocate: that is most of what starting a program costs
  # (docs/performance.md). Not by -static, with which gcc leaves out the table by which a handler is
  # found: the first exception would sort everything that it could be in, a quarter of a
  # millisecond. Code and constants are one segment (noseparate-code): less to map, and as it is
  # longer than 2 MiB, the kernel maps most of it at once where it can.
  target_link_options(netctl_flags INTERFACE -no-pie -static-libgcc -Wl,-Bstatic -Wl,--gc-sections
                                             -Wl,-O1 -Wl,-z,noseparate-code)
  target_compile_options(netctl_flags INTERFACE -fno-pie -ffunction-sections -fdata-sections)
  # What an ADD or a DEL calls is put side by side (scripts/order-functions.sh): a quarter of
  # the page faults of an ADD, a tenth of its time. The linker, too, has to be told to give each
  # function a section, since with link-time optimization it is then that they are compiled.
  set(NETCTL_FIRST_FUNCTIONS ${PROJECT_SOURCE_DIR}/cmake/first-functions.ld)
  target_link_options(netctl_flags INTERFACE -ffunction-sections -Wl,-T,${NETCTL_FIRST_FUNCTIONS})
endif()

# netctl_library(NAME SOURCES... ): one layer of runtime-core or one plugin's logic.
function(netctl_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC netctl_flags)
endfunction()

# netctl_write_whole(TARGET): for executables whose start is to be quick. A linker writes its file in
# pieces, which the kernel keeps in memory page by page. One that comes by one call of write(2) is
# kept in pieces of up to 2 MiB, where the file system has large folios, and mapped by as many at a
# time: a tenth of a plugin's ADD and more (docs/performance.md). netctl install does the same. It
# holds until the file is read from the disk.
function(netctl_write_whole target)
  if(NETCTL_STATIC)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${NETCTL_FIRST_FUNCTIONS})
    add_custom_command(
      TARGET ${target}
      POST_BUILD
      COMMAND dd if=$<TARGET_FILE:${target}> of=$<TARGET_FILE:${target}>.whole bs=64M status=none
      COMMAND chmod +x $<TARGET_FILE:${target}>.whole
      COMMAND mv $<TARGET_FILE:${target}>.whole $<TARGET_FILE:${target}>
      VERBATIM)
  endif()
endfunction()

# Where plugins are installed, below the prefix. Not lib/cni: under /usr that is the reference
# plugins' place. netctl looks here first (netctl/settings.cpp).
set(NETCTL_PLUGIN_DIR lib/netctl/cni)
