// The C API sets properties and compiles through variadic functions, which Swift cannot call: one inline function per
// use. Every returned object is owned by the caller and freed with its ov_*_free.
#pragma once
#include <openvino/c/openvino.h>

static inline ov_status_e saccade_ov_set_property(
    const ov_core_t *core, const char *device, const char *key, const char *value) {
  return ov_core_set_property(core, device, key, value);
}

static inline ov_status_e saccade_ov_compile(
    const ov_core_t *core, const ov_model_t *model, const char *device, ov_compiled_model_t **compiled) {
  return ov_core_compile_model(core, model, device, 0, compiled);
}

/// Unlike reading and compiling in two steps this needs no parsing when the cache already holds the compiled model.
static inline ov_status_e saccade_ov_compile_file(
    const ov_core_t *core, const char *path, const char *device, ov_compiled_model_t **compiled) {
  return ov_core_compile_model_from_file(core, path, device, 0, compiled);
}
