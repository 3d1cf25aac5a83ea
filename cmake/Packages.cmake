# What `cpack -G DEB` makes of the release: netctl_VERSION_ARCH.deb and netctl-plugins_VERSION_ARCH.deb
# in the build directory; docs/install.md says how. The same commit gives the same bytes: names,
# times and owners come from the tree, not from the machine (scripts/reproducible.sh).
set(NETCTL_MAINTAINER "netctl authors <authors@netctl.invalid>" CACHE STRING
    "Who answers for packages that are made of this tree")

# dpkg takes what is behind "-" for the packager's own revision.
string(REPLACE "-" "~" NETCTL_DEB_VERSION "${NETCTL_VERSION}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME netctl)
set(CPACK_PACKAGE_VENDOR netctl)
set(CPACK_PACKAGE_CONTACT "${NETCTL_MAINTAINER}")
set(CPACK_PACKAGE_VERSION "${NETCTL_DEB_VERSION}")
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)  # the drop-ins have places of their own, outside the prefix
set(CPACK_COMPONENTS_ALL netctl plugins)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_THREADS 1)  # where xz cuts its input depends on them
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_BINARY_DIR}/PackageFiles.cmake)
configure_file(${PROJECT_SOURCE_DIR}/cmake/PackageFiles.cmake.in
               ${PROJECT_BINARY_DIR}/PackageFiles.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_BINARY_DIR}/PackageFiles.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/PackageHeaders.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_NETCTL_PACKAGE_NAME netctl)
set(CPACK_DEBIAN_NETCTL_DESCRIPTION
    "container networking: the command
Attaches containers and network namespaces to networks, publishes their
ports, and runs containers from a directory, straight against the kernel:
no daemon and no helper programs. Networks are CNI configuration files;
bridge, host, none and container are there without any.")
set(CPACK_DEBIAN_NETCTL_PACKAGE_DEPENDS "netctl-plugins (= ${NETCTL_DEB_VERSION})")
set(CPACK_DEBIAN_NETCTL_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/dist/debian/netctl/postinst
    ${PROJECT_SOURCE_DIR}/dist/debian/netctl/prerm ${PROJECT_SOURCE_DIR}/dist/debian/netctl/postrm)

set(CPACK_DEBIAN_PLUGINS_PACKAGE_NAME netctl-plugins)
set(CPACK_DEBIAN_PLUGINS_DESCRIPTION
    "container networking: CNI plugins
A drop-in for the reference CNI plugins, for every runtime that calls such.
They lie in /usr/lib/netctl/cni; the command `netctl install` of the package
netctl puts them where a runtime looks for them (/opt/cni/bin).")
set(CPACK_DEBIAN_PLUGINS_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/dist/debian/netctl-plugins/postinst)

include(CPack)
