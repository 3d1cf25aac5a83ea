#include "netctl/version.hpp"

#include <sys/utsname.h>

#include "netctl/kernel_features.hpp"
#include "runtime-core/base/format.hpp"
#include "runtime-core/cni/built_in.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::command {
namespace {

Fact features_fact() {
  Fact features{.name = "features", .json = "{"};
  for (const Trial& each : try_kernel()) {
    const bool works = each.refusal.empty();
    features.text +=
        (features.text.empty() ? "" : ", ") + std::string(works ? "" : "no ") + each.name;
    features.json +=
        format("{}\"{}\": {}", features.json.size() == 1 ? "" : ", ", each.name, works);
  }
  features.json += "}";
  return features;
}

std::string kernel_release() {
  utsname names{};
  return ::uname(&names) == 0 ? names.release : "";
}

}  // namespace

Status print_version(const Output& output) {
  const std::vector<std::string> protocols(cni::kVersions.begin(), cni::kVersions.end());
  return print_one(
      {fact("version", std::string(cni::own_version())), fact("cniVersions", protocols),
       fact("kernel", kernel_release()), features_fact()},
      output);
}

}  // namespace netctl::command
