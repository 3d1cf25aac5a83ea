// Our static programs have no std::cin, std::cout, std::cerr and std::clog. Whoever includes
// <iostream>, as CLI11's header does, has them set up before main(), each for char and wchar_t,
// with a locale and all its facets: a thirtieth of the instructions of `netctl add`, which uses
// none of it. Streams that write into a string are not concerned. To use one of the four would
// crash, so no source of ours includes <iostream>; tests/unit/layers sees to that.
#include <ios>

// libstdc++'s own names. Its archive's member that has them is linked where nobody else does.
std::ios_base::Init::Init() {}
std::ios_base::Init::~Init() {}
