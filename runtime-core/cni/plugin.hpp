#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/built_in.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::cni {

// What a plugin states of its own; everything that all plugins share is in run() and call_inside().
class Plugin {
 public:
  virtual ~Plugin() = default;

  virtual std::string_view name() const = 0;
  // Config versions that it serves, oldest first.
  virtual std::span<const std::string_view> versions() const { return kVersions; }
  // Whether ADD and DEL are refused when CNI_NETNS is the namespace that the plugin itself runs in
  // (code kInvalidNetns), before anything is touched: a plugin that makes interfaces would make
  // them on the host. CNI_NETNS_OVERRIDE lifts it for one call.
  virtual bool needs_own_netns() const { return true; }

  // Attaches. A failure leaves the system as it was.
  virtual Result<AddResult> add(const Request& request) = 0;
  // Detaches: gone afterwards, success also when it was gone before, when the namespace is, or when
  // there is no prevResult. Goes on to the end past failures and reports them all.
  virtual Status del(const Request& request) = 0;
  // Takes an ADD of this very object back, whose result could not be told.
  virtual Status undo_add(const Request& request) { return del(request); }
  // Compares what this plugin made with what is there; all differences in the error's details.
  virtual Status check(const Request& request) = 0;
  // Removes everything of this network that belongs to none of request.valid_attachments.
  virtual Status gc(const Request& request) = 0;
  // Whether an ADD could be served now (codes kNotAvailable, kLimitedConnectivity). An error
  // without a code is told as kNotAvailable.
  virtual Status status(const Request& request) = 0;
};

// The outside world of one call, as functions: a process reads and writes file descriptors, a test
// strings.
struct World {
  Environment environment{};
  std::function<Result<std::string>()> read_config{};  // all of stdin; not asked for VERSION
  // To stdout: a result or an error object, once and nothing else. Whether it got there; errno says
  // why not.
  std::function<bool(std::string_view)> answer{};
  std::function<void(std::string_view)> tell{};  // to stderr
  BuiltIns built_ins{};                          // whom the plugin can call without a process
};

// Serves one call of the protocol: checks environment and config, calls the plugin, prints the
// result in the config's version or the one error object. Returns the exit status. No input makes
// it end without one of the two; what the plugin throws becomes an error object too. An ADD whose
// result cannot be told, because the config's version has no shape for it or nobody reads any
// more, is undone with undo_add(). Without CNI_COMMAND a person is asking: told are two lines about
// the plugin, and the exit status is 0.
int run(Plugin& plugin, World world);

// The same, of any command but VERSION, for a caller in this process, who has the config as a value
// and is given the result as one; empty after everything but ADD. A failure is the error that the
// object would have said. The bounds of parse_json() have held for what the value was made of, and
// text is as it came: not UTF-8 where an argument was not.
Result<Document> call_inside(Plugin& plugin, Environment environment,
                             std::shared_ptr<const Document> config, BuiltIns built_ins);

// run() as text in, text out, for tests.
struct Outcome {
  int exit_status = 0;
  std::string out{};  // what was answered
  std::string err{};
};
Outcome run_on(Plugin& plugin, Environment environment, std::string_view config,
               BuiltIns built_ins = {});

// A whole main() of an executable with these plugins: run() of the one whose name it is called by
// (the last part of argv[0]), on this process' environment and standard streams, with logging set
// up. Called by another name it says which there are.
int main_of(BuiltIns plugins, std::string_view program);

}  // namespace netctl::cni
