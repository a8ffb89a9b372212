// libvips' operations are variadic (option name, value, …, NULL), which Swift cannot call: one inline function per
// operation used, with the options that this project sets. Every `out` is owned by the caller (g_object_unref).
#pragma once
#include <vips/vips.h>
#include <vips/vector.h>

static inline int saccade_vips_init(const char *name) { return VIPS_INIT(name); }

/// libvips and GLib report through g_log, to standard error by default; errors are returned to the caller as well.
static inline void saccade_vips_ignore_log(const char *domain, GLogLevelFlags flags, const char *text, gpointer data) {}

static inline void saccade_vips_silence(void) {
  g_log_set_handler("VIPS", G_LOG_LEVEL_MASK | G_LOG_FLAG_RECURSION, saccade_vips_ignore_log, NULL);
}

#define SACCADE_VIPS_LOADER(format)                                                                                   \
  static inline int saccade_vips_load_##format(                                                                       \
      const void *bytes, size_t count, VipsFailOn fail_on, VipsImage **out) {                                         \
    return vips_##format##load_buffer(                                                                                \
        (void *)bytes, count, out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL);                       \
  }
SACCADE_VIPS_LOADER(png)
SACCADE_VIPS_LOADER(gif)
SACCADE_VIPS_LOADER(webp)
SACCADE_VIPS_LOADER(tiff)
SACCADE_VIPS_LOADER(heif)

static inline int saccade_vips_load_jpeg(
    const void *bytes, size_t count, int shrink, VipsFailOn fail_on, VipsImage **out) {
  return vips_jpegload_buffer(
      (void *)bytes, count, out, "shrink", shrink, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL);
}

static inline int saccade_vips_resize(VipsImage *in, VipsImage **out, double hscale, double vscale, double gap) {
  return vips_resize(in, out, hscale, "vscale", vscale, "kernel", VIPS_KERNEL_CUBIC, "gap", gap, NULL);
}

/// vips_resize enlarges with corners, not centres, of pixels in the same place, half a pixel off; this does not.
static inline int saccade_vips_enlarge(
    VipsImage *in, VipsImage **out, double hscale, double vscale, int width, int height) {
  VipsInterpolate *bicubic = vips_interpolate_new("bicubic");
  if (!bicubic) return -1;
  VipsArrayInt *area = vips_array_int_newv(4, 0, 0, width, height);
  int result = vips_affine(in, out, hscale, 0, 0, vscale, "interpolate", bicubic, "idx", 0.5, "idy", 0.5, "odx", -0.5,
                           "ody", -0.5, "oarea", area, "extend", VIPS_EXTEND_COPY, NULL);
  vips_area_unref(VIPS_AREA(area));
  g_object_unref(bicubic);
  return result;
}

static inline int saccade_vips_crop(VipsImage *in, VipsImage **out, int left, int top, int width, int height) {
  return vips_extract_area(in, out, left, top, width, height, NULL);
}

static inline int saccade_vips_to_srgb(VipsImage *in, VipsImage **out) {
  return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
}

static inline int saccade_vips_flatten_on_white(VipsImage *in, VipsImage **out) {
  VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
  int result = vips_flatten(in, out, "background", white, NULL);
  vips_area_unref(VIPS_AREA(white));
  return result;
}

static inline int saccade_vips_copy(VipsImage *in, VipsImage **out) { return vips_copy(in, out, NULL); }

static inline int saccade_vips_cast_uchar(VipsImage *in, VipsImage **out) {
  return vips_cast(in, out, VIPS_FORMAT_UCHAR, NULL);
}

/// For tests, which make their own samples: `suffix` names the format and its options, as in ".png[interlace]".
/// The caller frees `bytes` with g_free.
static inline int saccade_vips_encode(VipsImage *in, const char *suffix, void **bytes, size_t *count) {
  return vips_image_write_to_buffer(in, suffix, bytes, count, NULL);
}
