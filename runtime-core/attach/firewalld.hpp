#pragma once

#include <memory>
#include <string>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"

struct sd_bus;  // libsystemd; its headers stay in the .cpp

// firewalld, asked over the system's message bus. Its sources are addresses whose packets belong to
// a zone; those of the zone "trusted" all pass. What is set lasts until firewalld restarts or
// reloads, as with the reference plugin.
namespace netctl::attach {

// The library is loaded by open() and not with the program: on a host without firewalld nobody
// waits for it.
class Firewalld {
 public:
  // NotFound when it does not run, which is also when there is no bus or no library to speak with
  // it.
  static Result<Firewalld> open();

  // There afterwards; success also when it was before.
  Status add_source(const std::string& zone, const IpAddress& address);
  // Gone afterwards; success also when it was never there, or in another zone.
  Status remove_source(const std::string& zone, const IpAddress& address);
  Result<bool> has_source(const std::string& zone, const IpAddress& address);

 private:
  struct Close {
    void operator()(sd_bus* bus) const;
  };
  explicit Firewalld(std::unique_ptr<sd_bus, Close> bus) : bus_(std::move(bus)) {}
  Result<bool> call(const char* method, const std::string& zone, const IpAddress& address,
                    bool answers_flag);

  std::unique_ptr<sd_bus, Close> bus_;
};

}  // namespace netctl::attach
