#include "ipam/built_ins.hpp"

#include <array>

#include "ipam/host-local/plugin.hpp"
#include "ipam/static/plugin.hpp"

namespace netctl::ipam {

cni::BuiltIns built_ins() {
  static host_local::HostLocal host_local;
  static static_ipam::Static static_ipam;
  static const std::array<cni::Plugin*, 2> all{&host_local, &static_ipam};
  return all;
}

}  // namespace netctl::ipam
