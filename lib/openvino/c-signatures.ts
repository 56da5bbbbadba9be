// The C API's functions and structs, declared for koffi. Signatures as in openvino/c/*.h of the `openvino` wheel.
import koffi, { type TypeObject } from 'koffi';

/**
 * koffi's struct names are global per process, and notebook kernels evaluate modules twice: the types are kept on
 * globalThis.
 */
const SLOT = Symbol.for('blip-openvino.koffi-types');
const holder = globalThis as typeof globalThis & { [SLOT]?: Map<string, TypeObject> };
const types = (holder[SLOT] ??= new Map<string, TypeObject>());

function struct(name: string, fields: Record<string, string | TypeObject>): TypeObject {
  let type = types.get(name);
  if (!type) {
    type = koffi.struct(name, fields);
    types.set(name, type);
  }
  return type;
}

struct('ov_shape_t', { rank: 'int64_t', dims: 'int64_t *' });
export const DIMENSION = struct('ov_dimension_t', { min: 'int64_t', max: 'int64_t' });
struct('ov_partial_shape_t', { rank: DIMENSION, dims: 'ov_dimension_t *' });
struct('ov_property_t', { key: 'const char *', value: 'const char *' });
struct('ov_available_devices_t', { devices: 'void *', size: 'size_t' });
const VERSION = struct('ov_version_t', { buildNumber: 'const char *', description: 'const char *' });
export const CORE_VERSION = struct('ov_core_version_t', { device_name: 'const char *', version: VERSION });
struct('ov_core_version_list_t', { versions: 'void *', size: 'size_t' });
export const PROFILING = struct('ov_profiling_info_t', {
  status: 'int',
  real_time: 'int64_t',
  cpu_time: 'int64_t',
  node_name: 'const char *',
  exec_type: 'const char *',
  node_type: 'const char *',
});
struct('ov_profiling_info_list_t', { infos: 'void *', size: 'size_t' });

/**
 * Functions that return a status, by name, with their parameters. Strings that OpenVINO allocates are declared as
 * pointers, to be freed.
 */
export const STATUS_FUNCTIONS = {
  ov_get_openvino_version: '_Out_ ov_version_t *version',
  ov_core_create: '_Out_ void **core',
  ov_core_get_available_devices: 'void *core, _Out_ ov_available_devices_t *devices',
  ov_core_get_versions_by_device_name: 'void *core, const char *device, _Out_ ov_core_version_list_t *versions',
  ov_core_set_properties: 'void *core, const char *device, size_t n, const ov_property_t *properties',
  ov_core_get_property: 'void *core, const char *device, const char *key, _Out_ void **value',
  ov_core_read_model: 'void *core, const char *xml, const char *bin, _Out_ void **model',
  ov_core_compile_model_props:
    'void *core, void *model, const char *device, size_t n, const ov_property_t *properties, _Out_ void **compiled',
  ov_core_compile_model_from_file_props:
    'void *core, const char *xml, const char *device, size_t n, const ov_property_t *properties, _Out_ void **compiled',
  ov_model_inputs_size: 'void *model, _Out_ size_t *n',
  ov_model_outputs_size: 'void *model, _Out_ size_t *n',
  ov_model_const_input_by_index: 'void *model, size_t i, _Out_ void **port',
  ov_model_const_output_by_index: 'void *model, size_t i, _Out_ void **port',
  ov_model_get_friendly_name: 'void *model, _Out_ void **name',
  ov_model_reshape: 'void *model, const char **names, const ov_partial_shape_t *shapes, size_t n',
  ov_port_get_any_name: 'void *port, _Out_ void **name',
  ov_port_get_element_type: 'void *port, _Out_ int *type',
  ov_port_get_partial_shape: 'void *port, _Out_ ov_partial_shape_t *shape',
  ov_compiled_model_inputs_size: 'void *compiled, _Out_ size_t *n',
  ov_compiled_model_outputs_size: 'void *compiled, _Out_ size_t *n',
  ov_compiled_model_input_by_index: 'void *compiled, size_t i, _Out_ void **port',
  ov_compiled_model_output_by_index: 'void *compiled, size_t i, _Out_ void **port',
  ov_compiled_model_create_infer_request: 'void *compiled, _Out_ void **request',
  ov_compiled_model_get_property: 'void *compiled, const char *key, _Out_ void **value',
  ov_infer_request_set_tensor: 'void *request, const char *name, void *tensor',
  ov_infer_request_get_tensor: 'void *request, const char *name, _Out_ void **tensor',
  ov_infer_request_infer: 'void *request',
  ov_infer_request_start_async: 'void *request',
  ov_infer_request_wait: 'void *request',
  ov_infer_request_cancel: 'void *request',
  ov_infer_request_get_profiling_info: 'void *request, _Out_ ov_profiling_info_list_t *list',
  ov_tensor_create: 'int type, ov_shape_t shape, _Out_ void **tensor',
  ov_tensor_create_from_host_ptr: 'int type, ov_shape_t shape, void *data, _Out_ void **tensor',
  ov_tensor_data: 'void *tensor, _Out_ void **data',
  ov_tensor_get_byte_size: 'void *tensor, _Out_ size_t *n',
  ov_tensor_get_size: 'void *tensor, _Out_ size_t *n',
  ov_tensor_get_element_type: 'void *tensor, _Out_ int *type',
  ov_tensor_get_shape: 'void *tensor, _Out_ ov_shape_t *shape',
  ov_shape_free: 'ov_shape_t *shape',
} as const;

export const VOID_FUNCTIONS = {
  ov_free: 'void *p',
  ov_core_free: 'void *p',
  ov_model_free: 'void *p',
  ov_compiled_model_free: 'void *p',
  ov_infer_request_free: 'void *p',
  ov_tensor_free: 'void *p',
  ov_output_const_port_free: 'void *p',
  ov_available_devices_free: 'ov_available_devices_t *p',
  ov_core_versions_free: 'ov_core_version_list_t *p',
  ov_partial_shape_free: 'ov_partial_shape_t *p',
  ov_profiling_info_list_free: 'ov_profiling_info_list_t *p',
} as const;

export type StatusName = keyof typeof STATUS_FUNCTIONS;
export type FreeName = keyof typeof VOID_FUNCTIONS;
