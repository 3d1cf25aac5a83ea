// A static program that begins as runtime-core/start says, and looks whether it began whole: prints
// a line for each part of the run-time that it finds in order, and ends with status 7.
//   start-probe WORD        with PROBE=value in the environment
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

int before_main = 0;
struct Early {
  Early() { before_main = 1; }
} early;

thread_local int in_each_thread = 5;

// By output that nobody flushes, last of all.
struct Late {
  ~Late() { std::printf("destructors: yes\n"); }
} late;

void tell(const char* part, bool is_right) {
  std::printf("%s: %s\n", part, is_right ? "yes" : "no");
}

[[gnu::noinline]] void fail_below(int depth) {
  if (depth == 0) throw std::runtime_error("thrown");
  fail_below(depth - 1);
  std::printf("unreachable\n");
}

bool exceptions_are_caught() {
  try {
    fail_below(20);
  } catch (const std::runtime_error& error) {
    return error.what() == std::string("thrown");
  }
  return false;
}

unsigned char at(std::size_t i) { return static_cast<unsigned char>(i * 131 + i / 251); }

// memcpy() and its like change their way at lengths that are set at the start.
bool blocks_are_copied(std::size_t length) {
  std::vector<unsigned char> from(length + 64);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = at(i);
  for (const std::size_t offset : {0, 1, 17}) {
    std::vector<unsigned char> to(length + 64, 0xee);
    std::memcpy(to.data() + offset, from.data() + 3, length);
    for (std::size_t i = 0; i < length; ++i) {
      if (to[offset + i] != at(3 + i)) return false;
    }
    if (to[offset + length] != 0xee) return false;

    std::vector<unsigned char> moved = from;  // onto itself, further on
    std::memmove(moved.data() + offset + 1, moved.data(), length);
    for (std::size_t i = 0; i < length; ++i) {
      if (moved[offset + 1 + i] != at(i)) return false;
    }

    std::memset(to.data() + offset, 0x5a, length);
    if (std::count(to.begin(), to.end(), 0x5a) != static_cast<std::ptrdiff_t>(length)) return false;
  }
  return true;
}

bool all_lengths_are_copied() {
  for (std::size_t length = 0; length < 700; ++length) {
    if (!blocks_are_copied(length)) return false;
  }
  const auto is_copied = [](std::size_t length) { return blocks_are_copied(length); };
  const std::size_t lengths[] = {2047,   2048,   4096,    65537,   786431,
                                 786432, 786433, 1048577, 3145729, 5000003};
  return std::all_of(std::begin(lengths), std::end(lengths), is_copied);
}

bool strings_are_measured() {
  for (std::size_t length = 0; length < 300; ++length) {
    const std::string text(length, 'x');
    if (std::strlen(text.c_str()) != length) return false;
    if (std::strchr(text.c_str(), 0) != text.c_str() + length) return false;
    if (std::memchr(text.c_str(), 'y', length) != nullptr) return false;
    if (std::strcmp(text.c_str(), (text + "x").c_str()) >= 0) return false;
  }
  return true;
}

bool threads_run() {
  int seen = 0;
  std::thread([&] { seen = std::exchange(in_each_thread, 6); }).join();
  return seen == 5 && in_each_thread == 5;
}

unsigned long stack_guard() {
  unsigned long guard = 0;
  asm("mov %%fs:0x28, %0" : "=r"(guard));
  return guard;
}

}  // namespace

int main(int argc, char** argv) {
  const char* variable = std::getenv("PROBE");
  std::timespec now{};
  tell("arguments", argc == 2 && std::strcmp(argv[1], "word") == 0);
  tell("environment", variable != nullptr && std::strcmp(variable, "value") == 0);
  tell("name", std::strcmp(program_invocation_short_name, "start-probe") == 0);
  tell("constructors", before_main == 1);
  tell("exceptions", exceptions_are_caught());
  tell("blocks", all_lengths_are_copied());
  tell("strings", strings_are_measured());
  tell("threads", threads_run());
  tell("clock", clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec > 1'600'000'000);
  tell("numbers", std::to_string(std::strtod("2.5", nullptr)) == "2.500000");
  tell("guard", stack_guard() != 0 && (stack_guard() & 0xff) == 0);
  return 7;
}
