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
if(NETCTL_FUZZ)
  # What clang counts while the parsers run, so that the fuzzer sees which input was news.
  target_compile_options(netctl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NETCTL_STATIC)
  # No library to load and nothing to relocate: that is most of what starting a program costs
  # (docs/performance.md). Not by -static, with which gcc leaves out the table by which a handler is
  # found: the first exception would sort everything that it could be in, a quarter of a
  # millisecond.
  target_link_options(netctl_flags INTERFACE -no-pie -static-libgcc -Wl,-Bstatic -Wl,--gc-sections
                                             -Wl,-O1)
  target_compile_options(netctl_flags INTERFACE -fno-pie -ffunction-sections -fdata-sections)
endif()

# netctl_library(NAME SOURCES... ): one layer of runtime-core or one plugin's logic.
function(netctl_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC netctl_flags)
endfunction()
