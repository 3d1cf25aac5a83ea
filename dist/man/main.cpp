// Makes a manual page of a page of the documentation, while the product is built:
//   markdown-to-man NAME SECTION DATE VERSION <page.md >NAME.SECTION
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>

#include "dist/man/markdown.hpp"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: markdown-to-man NAME SECTION DATE VERSION <page.md\n");
    return 2;
  }
  const std::string markdown(std::istreambuf_iterator<char>(std::cin), {});
  std::cout << netctl::man::to_roff(
      markdown,
      {.name = argv[1], .section = std::atoi(argv[2]), .date = argv[3], .version = argv[4]});
  return std::cout.flush() ? 0 : 1;
}
