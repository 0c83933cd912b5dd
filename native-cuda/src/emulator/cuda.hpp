// All that a .cu file sees of CUDA when a host compiler reads it.
#pragma once

#include "types.hpp"

#include "block.hpp"
#include "hopper.hpp"
#include "intrinsics.hpp"
#include "launch.hpp"
#include "warp.hpp"
