#include "runtime-core/container/seccomp.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>

#include "runtime-core/base/unique_fd.hpp"

namespace netctl::container {
namespace {

struct Release {
  void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

Result<std::uint32_t> parse_action(const std::string& text, unsigned errno_return) {
  static const std::map<std::string, std::uint32_t> actions{
      {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
      {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
      {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
      {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
      {"SCMP_ACT_LOG", SCMP_ACT_LOG},
      {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW}};
  if (text == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(errno_return);
  if (text == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(errno_return);
  const auto found = actions.find(text);
  if (found != actions.end()) return found->second;
  return fail(Errc::InvalidArgument, "seccomp: there is no action \"{}\" here", text);
}

Result<scmp_compare> parse_operation(const std::string& text) {
  static const std::map<std::string, scmp_compare> operations{
      {"SCMP_CMP_NE", SCMP_CMP_NE},
      {"SCMP_CMP_LT", SCMP_CMP_LT},
      {"SCMP_CMP_LE", SCMP_CMP_LE},
      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
      {"SCMP_CMP_GE", SCMP_CMP_GE},
      {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
  const auto found = operations.find(text);
  if (found != operations.end()) return found->second;
  return fail(Errc::InvalidArgument, "seccomp: there is no comparison \"{}\"", text);
}

// "SCMP_ARCH_X86_64" is "x86_64" for libseccomp.
Result<std::uint32_t> parse_architecture(const std::string& text) {
  constexpr std::string_view kPrefix = "SCMP_ARCH_";
  std::string name = text.starts_with(kPrefix) ? text.substr(kPrefix.size()) : text;
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::uint32_t token = ::seccomp_arch_resolve_name(name.c_str());
  if (token == 0) return fail(Errc::InvalidArgument, "seccomp: no architecture \"{}\"", text);
  return token;
}

Status add_architectures(scmp_filter_ctx context, const Seccomp& profile) {
  for (const std::string& name : profile.architectures) {
    const std::uint32_t architecture = TRY(parse_architecture(name));
    const int error = ::seccomp_arch_add(context, architecture);
    if (error != 0 && error != -EEXIST) return system_error(-error, "seccomp: " + name);
  }
  return ok();
}

// A rule holds when all of its arguments do; several of one index are alternatives, and libseccomp
// takes those as rules of their own.
Result<std::vector<std::vector<scmp_arg_cmp>>> conditions_of(const SeccompRule& rule) {
  std::vector<scmp_arg_cmp> all;
  std::map<unsigned, int> counts;
  for (const SeccompArgument& each : rule.arguments) {
    const scmp_compare operation = TRY(parse_operation(each.op));
    all.push_back(
        {.arg = each.index, .op = operation, .datum_a = each.value, .datum_b = each.value_two});
    ++counts[each.index];
  }
  const bool alternatives =
      std::ranges::any_of(counts, [](const auto& entry) { return entry.second > 1; });
  std::vector<std::vector<scmp_arg_cmp>> conditions;
  if (!alternatives) {
    conditions.push_back(std::move(all));
    return conditions;
  }
  for (const scmp_arg_cmp& each : all) conditions.push_back({each});
  return conditions;
}

Status add_rule(scmp_filter_ctx context, const SeccompRule& rule, std::uint32_t action) {
  const auto conditions = TRY(conditions_of(rule));
  for (const std::string& name : rule.names) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) continue;
    for (const auto& arguments : conditions) {
      const int error = ::seccomp_rule_add_array(
          context, action, number, static_cast<unsigned>(arguments.size()), arguments.data());
      // -EDOM and -EINVAL: the call is not one of these architectures.
      if (error != 0 && error != -EEXIST && error != -EDOM && error != -EINVAL) {
        return system_error(-error, format("seccomp: rule for {}", name));
      }
    }
  }
  return ok();
}

Result<FilterProgram> exported(scmp_filter_ctx context) {
  const UniqueFd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) return system_error(errno, "seccomp: create a memory file");
  if (const int error = ::seccomp_export_bpf(context, file.get()); error != 0) {
    return system_error(-error, "seccomp: compile the filter");
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return system_error(errno, "seccomp: read the filter");
  FilterProgram program(static_cast<std::size_t>(info.st_size) / sizeof(sock_filter));
  if (::pread(file.get(), program.data(), program.size() * sizeof(sock_filter), 0) !=
      info.st_size) {
    return system_error(errno, "seccomp: read the filter");
  }
  return program;
}

std::uint64_t instruction(unsigned code, unsigned yes, unsigned no, std::uint32_t value) {
  sock_filter filter{.code = static_cast<std::uint16_t>(code),
                     .jt = static_cast<std::uint8_t>(yes),
                     .jf = static_cast<std::uint8_t>(no),
                     .k = value};
  std::uint64_t word = 0;
  static_assert(sizeof word == sizeof filter);
  std::memcpy(&word, &filter, sizeof word);
  return word;
}

// The newest system call that libseccomp has a name of; searched downwards from where none is.
std::uint32_t newest_system_call() {
  static const std::uint32_t newest = [] {
    for (int number = 600; number > 0; --number) {
      char* name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
      const bool known = name != nullptr;
      ::free(name);
      if (known) return static_cast<std::uint32_t>(number);
    }
    return 0U;
  }();
  return newest;
}

// In front of everything: what is newer than any rule could be about does not exist.
FilterProgram with_unknown_as_missing(const FilterProgram& program) {
  constexpr auto kArchitecture = static_cast<std::uint32_t>(offsetof(seccomp_data, arch));
  constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  // x32's calls have the same architecture and numbers from 2^30 on: the filter itself knows them.
  constexpr std::uint32_t kX32 = 0x40000000;
  FilterProgram whole{instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, kArchitecture),
                      instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, ::seccomp_arch_native()),
                      instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, kNumber),
                      instruction(BPF_JMP | BPF_JGT | BPF_K, 0, 2, newest_system_call()),
                      instruction(BPF_JMP | BPF_JGE | BPF_K, 1, 0, kX32),
                      instruction(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS)};
  whole.insert(whole.end(), program.begin(), program.end());
  return whole;
}

}  // namespace

Result<FilterProgram> compile_filter(const Seccomp& profile) {
  const unsigned default_errno = profile.default_errno_return.value_or(EPERM);
  const std::uint32_t otherwise = TRY(parse_action(profile.default_action, default_errno));
  const Context context(::seccomp_init(otherwise));
  if (!context) return fail(Errc::Unknown, "seccomp: libseccomp cannot start");
  TRY(add_architectures(context.get(), profile));
  // One comparison after the other would be 300 of them for the last call.
  ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (const SeccompRule& rule : profile.rules) {
    const std::uint32_t action = TRY(parse_action(rule.action, rule.errno_return.value_or(EPERM)));
    if (action != otherwise) TRY(add_rule(context.get(), rule, action));
  }
  FilterProgram program = TRY(exported(context.get()));
  const bool refuses = otherwise != SCMP_ACT_ALLOW && otherwise != SCMP_ACT_LOG;
  return refuses ? with_unknown_as_missing(program) : program;
}

std::string filter_compiler() {
  const scmp_version* const library = ::seccomp_version();
  return format("libseccomp {}.{}.{}", library->major, library->minor, library->micro);
}

Status load_filter(const FilterProgram& program) {
  FilterProgram copy = program;
  sock_fprog filter{.len = static_cast<unsigned short>(copy.size()),
                    .filter = reinterpret_cast<sock_filter*>(copy.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) ==
      0) {
    return ok();
  }
  return system_error(errno, "load the seccomp filter");
}

}  // namespace netctl::container
