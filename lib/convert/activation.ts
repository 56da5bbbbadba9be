// Hugging Face's activation functions (transformers' ACT2FN) as operations of a graph.
import type { HiddenActivation } from '../checkpoint';
import type { GraphBuilder, Value } from '../ir';

/** Default slope below zero of PyTorch's LeakyReLU. */
const LEAKY_SLOPE = 0.01;
/** QuickGELU: x * sigmoid(1.702 x). */
const QUICK_GELU_BETA = 1.702;
/** `gelu_10` clips GELU to -10..10. */
const GELU_LIMIT = 10;
/**
 * `laplace`: the cumulative normal distribution with this mean and standard deviation
 * (https://arxiv.org/abs/2209.10655).
 */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: transformers' own rounded value, not the square root
const LAPLACE_MEAN = 0.707107;
const LAPLACE_DEVIATION = 0.282095;

/** x [...] -> [...], element by element. Several names in ACT2FN stand for the same function. */
export function activation(g: GraphBuilder, x: Value, kind: HiddenActivation, name: string): Value {
  switch (kind) {
    case 'gelu':
    case 'gelu_python':
      return g.gelu(x, name);
    case 'gelu_new':
    case 'gelu_fast':
    case 'gelu_accurate':
    case 'gelu_pytorch_tanh':
    case 'gelu_python_tanh':
      return g.gelu(x, name, { approximation: 'tanh' });
    case 'gelu_10':
      return g.clamp(g.gelu(x, `${name}/gelu`), -GELU_LIMIT, GELU_LIMIT, name);
    case 'quick_gelu':
      return g.swish(x, name, { beta: QUICK_GELU_BETA });
    case 'relu':
      return g.relu(x, name);
    case 'relu6':
      return g.clamp(x, 0, 6, name);
    case 'relu2': {
      const positive = g.relu(x, `${name}/relu`);
      return g.multiply(positive, positive, name);
    }
    case 'leaky_relu':
      return g.prelu(x, LEAKY_SLOPE, name);
    case 'silu':
    case 'swish':
      return g.swish(x, name);
    case 'hardswish':
      return g.hardSwish(x, name);
    case 'mish':
      return g.mish(x, name);
    case 'tanh':
      return g.tanh(x, name);
    case 'sigmoid':
      return g.sigmoid(x, name);
    case 'laplace':
      return laplace(g, x, name);
    case 'sqrtsoftplus':
      return g.sqrt(g.softPlus(x, name), name);
    case 'linear':
      return x;
  }
}

/** (1 + erf((x - mean) / (deviation * sqrt(2)))) / 2 */
function laplace(g: GraphBuilder, x: Value, name: string): Value {
  const centered = g.subtract(x, g.float(`${name}/mean`, LAPLACE_MEAN), `${name}/centred`);
  const scale = g.float(`${name}/scale`, 1 / (LAPLACE_DEVIATION * Math.SQRT2));
  const error = g.erf(g.multiply(centered, scale, `${name}/scaled`), name);
  const doubled = g.add(error, g.float(`${name}/one`, 1), `${name}/from_zero`);
  return g.multiply(doubled, g.float(`${name}/half`, 0.5), name);
}
