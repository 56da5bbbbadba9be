// A tensor of a checkpoint, whichever file format holds it. Dtypes have the names that safetensors gives them.

/** A dtype under the name that the safetensors format gives it. */
export type CheckpointDType =
  | 'BOOL'
  | 'F4'
  | 'F6_E2M3'
  | 'F6_E3M2'
  | 'U8'
  | 'I8'
  | 'F8_E5M2'
  | 'F8_E4M3'
  | 'F8_E8M0'
  | 'F8_E4M3FNUZ'
  | 'F8_E5M2FNUZ'
  | 'I16'
  | 'U16'
  | 'F16'
  | 'BF16'
  | 'I32'
  | 'U32'
  | 'F32'
  | 'F64'
  | 'I64'
  | 'U64'
  | 'C64';

/** Bytes per value of every dtype of the safetensors format; of those below a byte, whole bytes hold several. */
export const DTYPE_BYTES: Readonly<Record<CheckpointDType, number>> = {
  BOOL: 1,
  F4: 0.5,
  F6_E2M3: 0.75,
  F6_E3M2: 0.75,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
  C64: 8,
};

/** Those that `toFloat32` and `floatPieces` convert. */
export const FLOAT_DTYPES: readonly CheckpointDType[] = ['F32', 'F16', 'BF16', 'F64'];

/** One tensor of a checkpoint. `bytes` and `toFloat32` read from disk at each call and keep nothing. */
export interface CheckpointTensor {
  readonly name: string;
  /** The file that holds it. */
  readonly path: string;
  readonly dtype: CheckpointDType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** The values in the order of `shape` (row-major), little-endian. */
  bytes(): Uint8Array;
  /** Values of FLOAT_DTYPES as numbers. @throws {CheckpointError} for other dtypes */
  toFloat32(): Float32Array;
  /**
   * The same in pieces, for large tensors.
   * @param memory gives the memory for each piece; a piece has at most its size
   */
  floatPieces(memory: () => Uint8Array): Generator<Float32Array>;
}

/** An open file of weights. Nothing of the weights is in memory: tensors read from it when they are asked for. */
export interface WeightsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** After this, tensors can no longer be read. */
  close(): void;
}

/** The same tensor under another name. */
export function renameTensor(tensor: CheckpointTensor, name: string): CheckpointTensor {
  return {
    name,
    path: tensor.path,
    dtype: tensor.dtype,
    shape: tensor.shape,
    byteLength: tensor.byteLength,
    bytes: () => tensor.bytes(),
    toFloat32: () => tensor.toFloat32(),
    floatPieces: (memory) => tensor.floatPieces(memory),
  };
}
