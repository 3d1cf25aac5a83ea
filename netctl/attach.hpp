#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/network_config.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::command {

// Which attachment: a network, a namespace, an interface in it.
struct Target {
  std::string network{};
  std::string ns{};  // a pinned name, a container, a path, or pid:N; may be empty with an id
  std::string ifname = "eth0";
  std::string container_id{};       // empty: derived from the namespace's path, as cnitool does
  std::vector<std::string> args{};  // K=V each, on top of `args_text`
  std::string args_text{};          // CNI_ARGS: "K=V;K2=V2"
  std::string capability_args{};    // CAP_ARGS: a JSON object
};

// What is typed as --arg and --cap comes on top of what the environment says.
void take_environment(Target& target);

// The same with what stands for something else taken apart; every command on targets begins with
// it. Docker's "container:ID" is the network "container", and an argument for its plugin. A
// container of `netctl run` is its id, and the path of its namespace; of one on the host's network,
// no path.
Result<Target> resolved(const Settings& settings, Target target);

// A target, whole: the path of its namespace and its container's id.
struct Place {
  std::string netns{};  // empty: not told
  std::string container_id{};
};
Result<Place> place_of(const Target& target);

// What add gives besides to a target; each needs a plugin that has the capability.
struct Wanted {
  std::vector<std::string> publish{};  // as parse_publish() reads them
  std::vector<std::string> ips{};
  std::string mac{};
  std::string capability_args{};  // a JSON object, over the target's
};

// What an attachment got.
struct Attached {
  attach::Owner owner{};
  cni::AddResult result{};
  std::string capability_args{};
  std::string cni_version{};  // of its network
};
Result<Attached> attach(const Settings& settings, const Target& target, const Wanted& wanted);

attach::Owner owner_of(const cni::CachedAttachment& attachment);

// The ports that an attachment publishes, as text: what it was asked for, and where that was
// without a number, the one that was chosen, of which the kernel's rules tell.
std::vector<std::string> published_texts(const attach::Owner& owner,
                                         std::string_view capability_args);

// What add() would refuse before it touches anything: the network, the addresses, the ports.
Status check_wanted(const Settings& settings, const Target& target, const Wanted& wanted);

// Attaches, and prints what was given: for people, or as the CNI result (Output::json). Undone when
// that cannot be printed.
Status add(const Settings& settings, const Target& target, const Wanted& wanted,
           const Output& output);
// Detaches; success as well when nothing is there. What ADD was done with is what is undone,
// whatever the config files say by now.
Status del(const Settings& settings, const Target& target);
// Compares with what is there; the error lists all differences of the first plugin that has any.
Status check(const Settings& settings, const Target& target);

}  // namespace netctl::command
