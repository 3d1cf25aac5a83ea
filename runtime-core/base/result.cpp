#include "runtime-core/base/result.hpp"

#include <system_error>

#include <cerrno>

namespace netctl {

Errc errc_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:  // on the way there
    case ENODEV:
    case ENXIO:
    case ESRCH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
      return Errc::NotFound;
    case EEXIST:
    case EADDRINUSE:
      return Errc::Exists;
    case EPERM:
    case EACCES:
      return Errc::PermissionDenied;
    case EOPNOTSUPP:
    case ENOSYS:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
      return Errc::NotSupported;
    case EINVAL:
    case ERANGE:
    case ENAMETOOLONG:
      return Errc::InvalidArgument;
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case ERESTART:
      return Errc::TryAgain;
    case ENOSPC:
    case ENFILE:
    case EMFILE:
    case ENOMEM:
    case ENOBUFS:
      return Errc::Exhausted;
    case EIO:
    case EPIPE:
    case EROFS:
      return Errc::Io;
    default:
      return Errc::Unknown;
  }
}

Error system_error(int number, std::string_view step) {
  // std::system_category and not strerror: the latter is not safe with threads.
  return Error{.code = errc_of(number),
               .message = format("{}: {}", step, std::system_category().message(number))};
}

}  // namespace netctl
