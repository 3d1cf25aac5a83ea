#pragma once

#include <string>
#include <vector>

#include "ipam/host-local/plugin.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/result.hpp"
#include "tests/unit/host-local/temporary_directory.hpp"

namespace netctl::test {

// The plugin on a store of its own, as a runtime calls it, on a machine that can be restarted.
class HostLocalCaller : public TemporaryDirectory {
 protected:
  HostLocalCaller() { reboot(); }

  struct Answer {
    bool success = false;
    std::string text{};  // the result, or the error's message
  };

  Answer call(const std::string& command, const cni::Attachment& who,
              const std::string& more = "") const {
    const std::string config = format(
        R"({{"cniVersion": "1.1.0", "name": "net", "ipam": {{"type": "host-local", "dataDir": "{}",
            "ranges": {}}}{}}})",
        root(), ranges, more);
    host_local::HostLocal plugin(root() + "/boot_id");
    const cni::Outcome outcome = cni::run_on(plugin,
                                             {{"CNI_COMMAND", command},
                                              {"CNI_CONTAINERID", who.container_id},
                                              {"CNI_IFNAME", who.ifname},
                                              {"CNI_NETNS", "/none"},
                                              {"CNI_PATH", "/none"},
                                              {"NETCTL_RUN_DIR", root() + "/run"}},
                                             config);
    if (outcome.exit_status == 0) return {.success = true, .text = outcome.out};
    return {.success = false, .text = cni::parse_error(outcome.out).message};
  }

  // The addresses that an ADD gave; the error's message when there is none.
  std::vector<std::string> add(const cni::Attachment& who) const {
    const Answer answer = call("ADD", who);
    if (!answer.success) return {answer.text};
    std::vector<std::string> addresses;
    for (const cni::Ip& ip : cni::parse_result(answer.text, "1.1.0").value().ips) {
      addresses.push_back(ip.address.address.to_text());
    }
    return addresses;
  }

  // What comes after this is another boot.
  void reboot() { write(root() + "/boot_id", format("boot-{}\n", ++boots_)); }

  std::string store() const { return root() + "/net"; }
  std::string file(const std::string& name) const { return store() + "/" + name; }
  // The files that are named after addresses.
  std::vector<std::string> address_files() const {
    std::vector<std::string> names = names_in(store());
    std::erase_if(names, [](const std::string& name) { return !parse_ip_address(name); });
    return names;
  }

  std::string ranges = R"([[{"subnet": "10.0.0.0/24"}]])";

 private:
  int boots_ = 0;
};

}  // namespace netctl::test
