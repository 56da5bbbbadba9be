// What @xenova/transformers touches of ONNX Runtime when it is loaded for its tokenizers alone.
const { Tensor } = require('onnxruntime-common');

class InferenceSession {
  static async create() {
    throw new Error(
      'ONNX Runtime is not installed in this project: models run with OpenVINO (see scripts/onnxruntime-stub)',
    );
  }
}

module.exports = {
  Tensor,
  InferenceSession,
  env: { wasm: {}, webgpu: {}, webgl: {}, versions: {} },
  listSupportedBackends: () => [],
};
