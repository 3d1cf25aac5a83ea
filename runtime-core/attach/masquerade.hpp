#pragma once

#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"

// Masquerading ("ipMasq"): what leaves from a container for outside its network gets the address of
// the host's interface that it leaves through. Multicast is left alone. The firewall table shows
// how (firewall_table.hpp).
namespace netctl::attach {

// Of `addresses`, with the length of their network. None is success.
Status masquerade(const Owner& owner, const std::vector<IpPrefix>& addresses, Rollback& undo);

// Nothing there is success.
Status remove_masquerade(const Owner& owner);
// For GC: all of the network but of valid attachments.
Status remove_stray_masquerade(const std::string& network,
                               const std::vector<cni::Attachment>& valid);

// What masquerade() would have made and is missing or different, a line each.
Result<std::vector<std::string>> missing_masquerade(const Owner& owner,
                                                    const std::vector<IpPrefix>& addresses);

}  // namespace netctl::attach
