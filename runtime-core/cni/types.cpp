#include "runtime-core/cni/types.hpp"

namespace netctl::cni {

bool Dns::empty() const {
  return nameservers.empty() && domain.empty() && search.empty() && options.empty();
}

}  // namespace netctl::cni
