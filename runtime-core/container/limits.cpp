#include "runtime-core/container/limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace netctl::container {
namespace {

struct LimitName {
  std::string_view name;
  __rlimit_resource resource;
};
constexpr LimitName kLimitNames[] = {{"RLIMIT_AS", RLIMIT_AS},
                                     {"RLIMIT_CORE", RLIMIT_CORE},
                                     {"RLIMIT_CPU", RLIMIT_CPU},
                                     {"RLIMIT_DATA", RLIMIT_DATA},
                                     {"RLIMIT_FSIZE", RLIMIT_FSIZE},
                                     {"RLIMIT_LOCKS", RLIMIT_LOCKS},
                                     {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                                     {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                                     {"RLIMIT_NICE", RLIMIT_NICE},
                                     {"RLIMIT_NOFILE", RLIMIT_NOFILE},
                                     {"RLIMIT_NPROC", RLIMIT_NPROC},
                                     {"RLIMIT_RSS", RLIMIT_RSS},
                                     {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
                                     {"RLIMIT_RTTIME", RLIMIT_RTTIME},
                                     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
                                     {"RLIMIT_STACK", RLIMIT_STACK}};

}  // namespace

Status check_limit(const ResourceLimit& limit) {
  if (std::ranges::find(kLimitNames, limit.type, &LimitName::name) != std::end(kLimitNames))
    return ok();
  return fail(Errc::InvalidArgument, "\"{}\" is no resource limit: setrlimit(2) lists them",
              limit.type);
}

Status set_limits(const std::vector<ResourceLimit>& limits) {
  for (const ResourceLimit& each : limits) {
    const auto* name = std::ranges::find(kLimitNames, each.type, &LimitName::name);
    const rlimit value{.rlim_cur = each.soft, .rlim_max = each.hard};
    if (::setrlimit(name->resource, &value) != 0) {
      return system_error(errno, format("set {} to {}:{}", each.type, each.soft, each.hard));
    }
  }
  return ok();
}

}  // namespace netctl::container
