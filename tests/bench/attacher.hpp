#pragma once

#include <memory>
#include <string>

#include "runtime-core/base/result.hpp"
#include "tests/bench/lab.hpp"

namespace netctl::bench {

// One container's connection to a network.
struct Attachment {
  std::string id{};     // of the container
  std::string netns{};  // path
  std::string ifname = "eth0";
  int number = 0;     // 2 to 65,000, one of its own for each that is there at once
  int host_port = 0;  // published, to port 80; 0: none
};

// What the networks are like that contestants attach to: a bridge that masquerades, addresses of
// 10.64.0.0/16 (and fd64::/64), and a default route.
struct Network {
  bool dual_stack = false;
  bool with_ports = true;       // portmap is in the chain
  std::string type = "bridge";  // "ptp": without a bridge
  bool flow_table = false;
};

// One way to attach containers of a host to a network. Several threads may call it at once.
class Attacher {
 public:
  Attacher() = default;
  Attacher(const Attacher&) = delete;
  Attacher& operator=(const Attacher&) = delete;
  virtual ~Attacher() = default;

  // Gives what del() takes: the result, where there is one to remember.
  virtual Result<std::string> add(const Attachment& attachment) = 0;
  virtual Status del(const Attachment& attachment, const std::string& result) = 0;
  // Of the last call, where the attacher was asked to look.
  virtual double peak_kilobytes() const { return 0; }
};

// A CNI runtime with nothing around it: executes the plugins of a directory one after the other, as
// libcni does, with each the result of the one before. With `peak`, that program runs them and
// tells their memory; then not from several threads.
Result<std::unique_ptr<Attacher>> plugin_chain(std::shared_ptr<Host> host,
                                               const std::string& directory, const Network& network,
                                               const std::string& peak = "");
// `netctl add` and `netctl del`.
Result<std::unique_ptr<Attacher>> netctl_command(std::shared_ptr<Host> host,
                                                 const Programs& programs, const Network& network);
Result<std::unique_ptr<Attacher>> netavark(std::shared_ptr<Host> host, const Programs& programs);
// See floor/main.cpp.
Result<std::unique_ptr<Attacher>> floor(std::shared_ptr<Host> host, const Programs& programs,
                                        const Network& network);

}  // namespace netctl::bench
