// Runs a program with the same stdin, stdout and environment, and writes to stderr how much memory
// it had at its peak, in KiB: it, or the largest of those that it ran and waited for.
//
//   bench-peak PROGRAM [ARGUMENT...]
//
// A program of its own, static and tiny: the kernel counts what a process had before its exec too.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const pid_t child = ::vfork();
  if (child == 0) {
    ::execv(argv[1], argv + 1);
    ::_exit(127);
  }
  int state = 0;
  rusage usage{};
  if (child < 0 || ::wait4(child, &state, 0, &usage) != child) return 126;
  std::fprintf(stderr, "%ld\n", usage.ru_maxrss);
  return WIFEXITED(state) ? WEXITSTATUS(state) : 125;
}
