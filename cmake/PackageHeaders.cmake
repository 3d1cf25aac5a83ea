# Run by cpack behind everything else. A package is an archive of three files (deb(5)), and of those
# cpack's has the mode and owner that they had in the builder's directory: dpkg-deb writes them
# anew, as it does in Debian's own builds.
foreach(package IN LISTS CPACK_PACKAGE_FILES)
  set(tree "${package}.tree")
  execute_process(COMMAND dpkg-deb --raw-extract "${package}" "${tree}" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "${tree}" "${package}"
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(REMOVE_RECURSE "${tree}")
endforeach()
