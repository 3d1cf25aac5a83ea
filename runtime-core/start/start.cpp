// How our static programs begin: __libc_start_main(), which the file that the linker puts in front
// of every program (crt1.o) calls with main(). It stands in for the one of glibc's libc.a, takes
// the same steps in the same order, and leaves one out.
//
// That one asks the processor what it can and how large its caches are, so as to choose among
// several versions of memcpy() and the like: some fifty times the instruction cpuid. On a virtual
// machine each of them goes to the hypervisor, for one to tens of microseconds; where this was
// measured they were a tenth of what a chain of two plugins takes (docs/performance.md). A program
// that lives for two milliseconds does with what every x86-64 processor has, and that is what
// glibc's own selectors give when they know nothing of the processor.
//
// These are the steps of glibc 2.36 (csu/libc-start.c, csu/libc-tls.c, elf/dl-support.c,
// sysdeps/x86/libc-start.h and cacheinfo.h), and its names: internal ones, but an archive has them
// all. With another glibc or another processor this file is not linked and programs begin as usual
// (CMakeLists.txt here). Left out besides: what only a debugger or a thread that outlives main()
// would use, what ends a program built for profiling, and the search for the directory that the
// program is in, which only dlopen(3) would ask for.
//
// Compiled without link-time optimisation, which does not see that memcpy() will ask for the
// variables below.
#include <elf.h>

#include <cstdint>
#include <cstdlib>

using Main = int (*)(int, char**, char**);
using Initializer = void (*)(int, char**, char**);

// glibc's names, and addresses in the linker's tables.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming,performance-no-int-to-ptr)
extern "C" {

extern char** environ;
extern void* __libc_stack_end;
extern int __libc_enable_secure;
extern const std::uintptr_t* _dl_random;  // 16 random bytes, from the kernel

void _dl_aux_init(Elf64_auxv_t* vector);
void __tunables_init(char** environment);
void __libc_setup_tls();
void __libc_early_init(bool initial);
void __libc_init_first(int argc, char** argv, char** environment);
void __libc_check_standard_fds();
void _init();

// Set by the linker.
extern const Elf64_Rela __rela_iplt_start[];
extern const Elf64_Rela __rela_iplt_end[];
extern const Initializer __preinit_array_start[];
extern const Initializer __preinit_array_end[];
extern const Initializer __init_array_start[];
extern const Initializer __init_array_end[];

// What memcpy() and memset() go by: from how many bytes on they work in another way. As glibc has
// them before it knows better; where it has none, what it makes of a cache of 1 MiB.
long __x86_data_cache_size = 32L * 1024;
long __x86_data_cache_size_half = 32L * 1024 / 2;
long __x86_shared_cache_size = 1024L * 1024;
long __x86_shared_cache_size_half = 1024L * 1024 / 2;
long __x86_shared_non_temporal_threshold = 1024L * 1024 * 3 / 4;
long __x86_rep_movsb_threshold = 2048;
long __x86_rep_movsb_stop_threshold = 1024L * 1024 * 3 / 4;
long __x86_rep_stosb_threshold = 2048;
int __x86_string_control = 0;

// What "$ORIGIN" stands for in a path of libraries: unknown.
const char* _dl_get_origin() { return reinterpret_cast<const char*>(-1); }
}

namespace {

// Behind the environment, which ends with a null pointer (the x86-64 ABI, "Process
// Initialization").
Elf64_auxv_t* auxiliary_vector(char** environment) {
  while (*environment != nullptr) ++environment;
  return reinterpret_cast<Elf64_auxv_t*>(environment + 1);
}

// Each names a function that says which of several is to be called, and where to write that down.
void choose_implementations() {
  for (const Elf64_Rela* entry = __rela_iplt_start; entry != __rela_iplt_end; ++entry) {
    const auto choose =
        reinterpret_cast<Elf64_Addr (*)()>(static_cast<Elf64_Addr>(entry->r_addend));
    *reinterpret_cast<Elf64_Addr*>(entry->r_offset) = choose();
  }
}

// Into the thread's control block, where compilers (0x28) and glibc (0x30) look for them. The
// lowest byte of the first is zero, so that no string can be read past it or written over it.
void set_guards() {
  const std::uintptr_t stack_guard = _dl_random[0] & ~std::uintptr_t{0xff};
  const std::uintptr_t pointer_guard = _dl_random[1];
  asm volatile("mov %0, %%fs:0x28" : : "r"(stack_guard));
  asm volatile("mov %0, %%fs:0x30" : : "r"(pointer_guard));
}

void call_all(const Initializer* begin, const Initializer* end, int argc, char** argv) {
  for (const Initializer* each = begin; each != end; ++each) (*each)(argc, argv, environ);
}

}  // namespace

// `init` and `fini` are of programs linked before 2.34, `rtld_fini` is the dynamic linker's.
extern "C" [[noreturn, gnu::no_stack_protector]] int __libc_start_main(
    Main main, int argc, char** argv, void (* /*init*/)(), void (* /*fini*/)(),
    void (* /*rtld_fini*/)(), void* stack_end) {
  environ = argv + argc + 1;
  __libc_stack_end = stack_end;
  _dl_aux_init(auxiliary_vector(environ));
  __tunables_init(environ);
  choose_implementations();
  __libc_setup_tls();
  set_guards();
  __libc_early_init(true);
  __libc_init_first(argc, argv, environ);
  if (__libc_enable_secure != 0) __libc_check_standard_fds();
  call_all(__preinit_array_start, __preinit_array_end, argc, argv);
  _init();
  call_all(__init_array_start, __init_array_end, argc, argv);
  std::exit(main(argc, argv, environ));
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming,performance-no-int-to-ptr)
