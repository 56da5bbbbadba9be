// Failures of native code for want of memory say what helps; others stay as they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withMemoryAdvice } from '../../lib/openvino/memory-advice';

test('messages of the C++ library, the system and the loader', () => {
  for (const message of [
    'Exception from src/inference/src/dev/plugin.cpp:54:\nstd::bad_alloc\n\n',
    'Failed to load shared library: libopenvino.so.2641: failed to map segment from shared object',
    'mmap: Cannot allocate memory',
  ])
    assert.match(withMemoryAdvice(message), /[a-z]\. There is not enough memory.*ulimit -v.*\.$/s);
  const other = 'libopenvino_c.so: wrong ELF class';
  assert.equal(withMemoryAdvice(other), other);
});
