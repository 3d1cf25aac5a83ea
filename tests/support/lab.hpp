#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime-core/sys/process.hpp"
#include "tests/support/private_host.hpp"

namespace netctl::test {

// System calls that fail, one at a time.
struct Fault {
  std::string call{};   // "sendto"
  std::string error{};  // "ENOBUFS"
  int step = 1;         // only each so-manieth is tried
};

// A private host on which the product's own executables are run, as users and runtimes run them.
class Lab : public PrivateHost {
 protected:
  void SetUp() override;

  // Runs a command line, split at spaces; NAME=VALUE in front set its environment. "netctl" is
  // ours.
  sys::Finished run(const std::string& line);
  // The same, in a pinned namespace.
  sys::Finished run_in(const std::string& ns, const std::string& line);
  // Runs it and expects it to succeed; its stdout without the last newline.
  std::string sure(const std::string& line);

  // Calls a plugin as a runtime does. `call` holds CNI_COMMAND and the like; CNI_PATH is set.
  sys::Finished plugin(const std::string& type, const std::map<std::string, std::string>& call,
                       const std::string& config);

  // The same for a plugin somewhere else: the reference's, to compare with.
  sys::Finished plugin_at(const std::string& file, const std::map<std::string, std::string>& call,
                          const std::string& config);

  // A command of netctl, without its children, with each of its system calls of a kind failing
  // ("EMFILE"; "EMFILE:when=3+": from the third on); only of those on `path`, if that is not empty.
  sys::Finished with_error(const std::string& call, const std::string& error,
                           const std::string& path, const std::string& line);
  // Calls a plugin with its first system call of a kind failing, then with its second, and so on to
  // its last, and at the end with none. `look` sees what each of those said that had one fail, and
  // undoes what it did nevertheless. How many there were.
  int with_each_failing(const Fault& fault, const std::string& type,
                        const std::map<std::string, std::string>& call, const std::string& config,
                        const std::function<void(const sys::Finished&)>& look);

  // A namespace that stands for another machine on the host's network: the host is `host` on
  // `device`, the machine `machine`; both with the length of their network.
  void connect_machine(const std::string& name, const std::string& device, const std::string& host,
                       const std::string& machine);
  // One of these that sends everything through the host: "client", with 198.51.100.2 and fd99::2;
  // the host is 198.51.100.1 and fd99::1.
  void connect_client();

  // The first IPv4 (or IPv6) global address of an interface, without its length.
  std::string address_in(const std::string& ns, const std::string& ifname, bool v6 = false);

  // All that an attachment may change: links, addresses, routes, rules, neighbours of our files.
  std::string host_state();

  // Whether it becomes true: looked at again and again, for as long as a slow machine may need.
  static bool eventually(const std::function<bool()>& condition);

  void write_network(const std::string& file, const std::string& json);

  std::string netctl_program() const;  // its path
  std::string plugin_directory() const;
  std::map<std::string, std::string> environment;  // of everything that is run

 private:
  // Of a sanitizer's program below strace, where its leak checker cannot work.
  std::string sanitizer_options() { return environment["ASAN_OPTIONS"] + ":detect_leaks=0"; }
};

}  // namespace netctl::test
