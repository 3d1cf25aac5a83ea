#include "ipam/built_ins.hpp"

#include <array>

#include "ipam/host-local/plugin.hpp"

namespace netctl::ipam {

cni::BuiltIns built_ins() {
  static host_local::HostLocal host_local;
  static const std::array<cni::Plugin*, 1> all{&host_local};
  return all;
}

}  // namespace netctl::ipam
