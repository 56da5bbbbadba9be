// Ports (a model's inputs and outputs), partial shapes and properties, between JavaScript and the C API.
import type { CFunctions, Out, Pointer } from './c-functions';
import { DIMENSION, type StatusName } from './c-signatures';
import { configStrings } from './config-strings';
import { elementTypeOf } from './element-types';
import { OpenVINOError } from './errors';
import { formatShape } from './format-shape';
import type { Config, Dimension, ElementType, Port } from './types';

/** OpenVINO writes "no upper bound" as INT64_MAX, which a JavaScript number holds only approximately. */
const UNBOUNDED = 2 ** 60;

class CPort implements Port {
  constructor(
    readonly anyName: string,
    readonly elementType: ElementType,
    readonly partialShape: readonly Dimension[] | undefined,
  ) {}
  getAnyName(): string {
    return this.anyName;
  }
  getElementType(): ElementType {
    return this.elementType;
  }
  getPartialShape(): Dimension[] {
    if (!this.partialShape)
      throw new OpenVINOError(
        `"${this.anyName}" has a dynamic rank, which this interface cannot express. Reshape the model first.`,
        'getPartialShape',
      );
    return [...this.partialShape];
  }
  toString(): string {
    return `${this.anyName} ${this.elementType} ${this.partialShape ? formatShape(this.partialShape) : '[...]'}`;
  }
}

/** All inputs or outputs of a model or compiled model. */
export function readPorts(api: CFunctions, owner: Pointer, size: StatusName, get: StatusName): Port[] {
  return Array.from({ length: api.outNumber(size, owner) }, (_, index) => readPort(api, api.out(get, owner, index)));
}

function readPort(api: CFunctions, port: Pointer): Port {
  const shape: Out = {};
  try {
    const name = api.outString('ov_port_get_any_name', port);
    const type = elementTypeOf(api.outNumber('ov_port_get_element_type', port));
    api.call('ov_port_get_partial_shape', port, shape);
    return new CPort(name, type, decodeDimensions(api, shape));
  } finally {
    if ('dims' in shape) api.free('ov_partial_shape_free', shape);
    api.free('ov_output_const_port_free', port);
  }
}

/** `undefined` for a dynamic rank. */
function decodeDimensions(api: CFunctions, shape: Out): Dimension[] | undefined {
  const { rank, dims } = shape;
  const count = typeof rank === 'object' && rank !== null && 'max' in rank ? Number(rank.max) : 0;
  if (count < 0) return undefined;
  if (count === 0 || !dims) return [];
  return api.list(dims, DIMENSION, count).map(({ min, max }: Out): Dimension => {
    const low = Number(min);
    const high = Number(max);
    if (low === high && low >= 0) return low;
    return high < 0 || high > UNBOUNDED ? -1 : [low, high];
  });
}

/** A shape as `ov_partial_shape_t`. */
export function toPartialShape(shape: readonly Dimension[]): Out {
  const dims = shape.map((dim) => (typeof dim === 'number' ? { min: dim, max: dim } : { min: dim[0], max: dim[1] }));
  return { rank: { min: shape.length, max: shape.length }, dims };
}

/** Properties as `ov_property_t[]`. */
export function toProperties(config: Config): { key: string; value: string }[] {
  return Object.entries(configStrings(config)).map(([key, value]) => ({ key, value }));
}
