#pragma once
#include <stdint.h>

#include <libyuv/convert_argb.h>
#include <libyuv/scale.h>

/// Planes of one size, `stride` samples a row, to R, G, B in memory. JPEG's colours use the whole range of a byte (JFIF
/// 1.02). libyuv's RGB24 is B, G, R in memory; with the two colour differences and their constants exchanged it writes R, G,
/// B, which is how its own I444ToRAW is made.
static inline void saccade_yuv_jpeg_to_rgb(
    const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int stride, uint8_t *rgb, int width, int height) {
  I444ToRGB24Matrix(y, stride, cr, stride, cb, stride, rgb, width * 3, &kYvuJPEGConstants, width, height);
}
