# C libraries are linked as archives where Debian has one: each shared library that a plugin does
# not load is start-up time that no container waits for. Each is used by exactly one directory.
function(netctl_find_library target archive header)
  find_library(${target}_FILE NAMES ${archive} REQUIRED)
  find_path(${target}_INCLUDE NAMES ${header} PATH_SUFFIXES ${ARGN} REQUIRED)
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE ${${target}_FILE})
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
endfunction()

netctl_find_library(libnl3 libnl-3.a netlink/netlink.h libnl3)
# Its header alone: Debian has the library only as a shared one (runtime-core/nft/mnl.cpp).
find_path(libmnl_INCLUDE NAMES libmnl/libmnl.h REQUIRED)
netctl_find_library(libnftnl libnftnl.a libnftnl/common.h)
netctl_find_library(libmd libmd.a sha2.h)
netctl_find_library(libseccomp libseccomp.a seccomp.h)
target_include_directories(libnftnl SYSTEM INTERFACE ${libmnl_INCLUDE})

find_package(Threads REQUIRED)  # libnl-3 guards its caches with locks
target_link_libraries(libnl3 INTERFACE Threads::Threads)

find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
