#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/built_in.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::cni {

// The executable of a plugin: the first regular file `<directory>/<type>`, symbolic links followed;
// empty directories are skipped. Errors in upstream's words, which runtimes match: `failed to find
// plugin "x" in path [/a /b]`, `invalid plugin name: a/b`, `no plugin name provided`, `no paths
// provided`.
Result<std::string> find_plugin(std::string_view type, const std::vector<std::string>& path);

// Calls a plugin once and gives what it answered: executes it, or calls the one of `built_ins` that
// it is. When it failed, the error is the object it printed; what it wrote to stderr is passed on
// to ours, and quoted when there was no object. An executable that is being written (ETXTBSY) is an
// error at once: nobody waits.
//
// A built-in plugin's answer is a value, with no text; an executed one's the text on its stdout,
// with no value yet: only ADD's means anything.
Result<Document> call_plugin(const std::string& executable, Environment environment,
                             std::shared_ptr<const Document> config, BuiltIns built_ins = {});

}  // namespace netctl::cni
