// Sizes of a convolution: input [n,h,w,c], weights [k,r,s,c], output [n,oh,ow,k]. The Java record of the same name.
#pragma once

struct ConvShape {
    int n, h, w, c, k, r, s, oh, ow, stride, top, left;
};
