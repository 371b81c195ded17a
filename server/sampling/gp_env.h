#pragma once
#include <cstdlib>
#define ENV(name, def)                                                             \
  ([] {                                                                            \
    static const double v = getenv("R_" #name) ? atof(getenv("R_" #name)) : (def); \
    return v;                                                                      \
  }())
