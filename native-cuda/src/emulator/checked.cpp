// What the two builds differ in beside their kernels.
#include "checks.hpp"

#ifdef SIROCCO_CHECKED
const bool emulated::CHECKED = true;
#else
const bool emulated::CHECKED = false;
#endif
