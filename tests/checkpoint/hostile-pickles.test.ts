// Pickles that are damaged, or made to do harm: each is refused with the file, the culprit and what to do, at once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { load, refuses } from './refuses-pytorch-file';
import { checkpoint, dict, P, tensor, zip } from './write-pytorch-file';

describe('pickles that name what weights do not need', () => {
  const run = (...call: Buffer[]): Buffer => Buffer.concat([P.proto, ...call, P.stop]);
  const names: readonly [string, string][] = [
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['builtins', 'getattr'],
    ['__builtin__', 'exec'],
    ['subprocess', 'Popen'],
    ['torch', 'load'],
    ['torch.hub', 'load'],
    ['torch._utils', '_rebuild_qtensor'],
    ['torch.storage', '_load_from_bytes'],
    ['collections', 'OrderedDict.__reduce__'],
    ['constructor', 'constructor'],
    ['__proto__', 'toString'],
  ];
  for (const [module, name] of names)
    it(`${module}.${name}`, () =>
      refuses(
        zip(checkpoint(run(P.global(module, name), P.text('echo'), P.tuple1, P.reduce))),
        /data\.pkl, at byte \d+/,
        new RegExp(`names "${module}\\.${name}"`),
        /nothing of it was run/,
        /torch\.save\(model\.state_dict\(\)/,
      ));
  it('by instructions of protocol 4', () =>
    refuses(
      zip(checkpoint(run(P.text('os'), P.text('system'), Buffer.from([0x93]), P.text('x'), P.tuple1, P.reduce))),
      /names "os\.system"/,
    ));
  it('a whole model', () =>
    refuses(
      zip(checkpoint(run(P.global('transformers.models.blip.modeling_blip', 'BlipForConditionalGeneration')))),
      /whole model/,
    ));
  it('escapes what a terminal would obey, and cuts what is long', () =>
    refuses(zip(checkpoint(run(P.global('\u001b[2J', 'x'.repeat(400))))), /names "\\u001b\[2J\.x+…"/));
  for (const opcode of [
    0x50 /* PERSID */, 0x69 /* INST */, 0x6f /* OBJ */, 0x82 /* EXT1 */, 0x92 /* NEWOBJ_EX */, 0x97, 0xff,
  ])
    it(`instruction 0x${opcode.toString(16)}`, () =>
      refuses(
        zip(checkpoint(run(Buffer.from([opcode, 0x30, 0x0a])))),
        new RegExp(`instruction 0x${opcode.toString(16)}`),
      ));
  it('protocol 0', () => refuses(zip(checkpoint(Buffer.from([0x80, 0, 0x2e]))), /pickle protocol 0/));
  it('a storage that is none', () =>
    refuses(zip(checkpoint(run(P.text('module'), P.tuple1, P.persistentId))), /whole model/));
});

describe('pickles that are damaged', () => {
  const cases: readonly [string, Buffer[], RegExp][] = [
    ['a stack that is empty', [P.stop], /empty stack/],
    ['values left over', [P.none, P.none, P.stop], /left over/],
    ['no mark', [P.tuple, P.stop], /mark that is not there/],
    ['a memo that is not there', [P.get(7), P.stop], /memo 7/],
    ['items of a number', [P.int(1), P.text('a'), P.none, P.setItem, P.stop], /sets items of 1/],
    ['half a pair', [P.emptyDict, P.mark, P.text('a'), P.setItems, P.stop], /items from 1 values/],
    ['appending to a dict', [P.emptyDict, P.none, P.append, P.stop], /appends to a dict of 0/],
    ['calling a number', [P.int(1), P.emptyTuple, P.reduce, P.stop], /calls 1 with a tuple/],
    ['calling a constant', [P.global('torch', 'float32'), P.emptyTuple, P.reduce, P.stop], /calls torch\.float32/],
    ['the state of a number', [P.int(1), P.emptyDict, P.build, P.stop], /state of 1/],
    [
      'a key twice',
      [P.emptyDict, P.mark, P.text('a'), P.none, P.text('a'), P.none, P.setItems, P.stop],
      /key "a" twice/,
    ],
    ['no end', [P.none], /ends after 0 of 1 bytes/],
    ['a text that is cut', [Buffer.from([0x58, 0xff, 0xff, 0xff, 0x7f, 0x61])], /ends after 1 of 2147483647 bytes/],
    ['a text of 2^64-1 bytes', [Buffer.from([0x8d, ...Array(8).fill(0xff)])], /ends after 0 of 18446744073709552000/],
    ['a name without end', [Buffer.from(`c${'x'.repeat(600)}`)], /line of at most 512 bytes/],
    ['a huge integer', [Buffer.from([0x8a, 200, ...Array(200).fill(1)]), P.stop], /integer of 200 bytes/],
    [
      'a rebuilt number',
      [P.global('torch._utils', '_rebuild_parameter'), P.int(1), P.tuple1, P.reduce, P.stop],
      /no tensor/,
    ],
    ['no state dict', [P.int(3), P.stop], /holds 3, expected a dict of tensors/],
    [
      'a dict without tensors',
      [P.emptyDict, P.text('lr'), P.int(3), P.setItem, P.stop],
      /keys "lr", expected a dict of tensors/,
    ],
  ];
  for (const [what, parts, pattern] of cases)
    it(what, () => refuses(zip(checkpoint(Buffer.concat([P.proto, ...parts]))), pattern));

  it('a list that contains itself does not matter', () => {
    const cyclic = Buffer.concat([P.emptyList, P.put(9), P.get(9), P.append]);
    assert.equal(load(zip(checkpoint(dict({ a: tensor(), loop: cyclic })))).size, 1);
  });
  it('a million lists within each other', () =>
    refuses(
      zip(
        checkpoint(Buffer.concat([P.proto, Buffer.alloc(1e6, P.emptyList), Buffer.alloc(1e6 - 1, P.append), P.stop])),
      ),
      /holds a list of 1, expected a dict/,
    ));
  it('ten million operations', () =>
    refuses(
      zip(checkpoint(Buffer.concat([P.proto, Buffer.alloc(1e7, P.emptyDict), P.stop]))),
      /more than \d+ operations.*Save the weights alone/,
    ));
  it('a bomb of references: lists of lists, ten to the power of 30 items', () => {
    const levels = Array.from({ length: 30 }, (_, level) =>
      Buffer.concat([
        P.emptyList,
        P.put(level + 1),
        ...Array(10).fill(Buffer.concat([level ? P.get(level) : P.none, P.append])),
      ]),
    );
    const bomb = Buffer.concat([...levels.flatMap((each) => [each]), Buffer.concat(Array(29).fill(Buffer.from('0')))]);
    refuses(zip(checkpoint(Buffer.concat([P.proto, P.mark, bomb, P.tuple, P.stop]))), /expected a dict of tensors/);
  });
  it('one long list made into many dicts', () => {
    const list = Buffer.concat([P.emptyList, P.mark, Buffer.alloc(1e6, P.emptyTuple), Buffer.from('e'), P.put(1)]);
    const dicts = Array(1000).fill(
      Buffer.concat([P.global('collections', 'OrderedDict'), P.get(1), P.tuple1, P.reduce]),
    );
    refuses(zip(checkpoint(Buffer.concat([P.proto, list, ...dicts, P.stop]))), /something else than pairs/);
  });
  it('one long tuple as the shape of many tensors', () => {
    const long = Buffer.concat([
      P.mark,
      Buffer.alloc(1e6, Buffer.from([0x4b, 1]).toString('latin1'), 'latin1'),
      P.tuple,
      P.put(1),
    ]);
    const many = Array(100).fill(
      Buffer.concat([
        P.global('torch._utils', '_rebuild_tensor_v2'),
        P.mark,
        P.none,
        P.none,
        P.get(1),
        P.tuple,
        P.reduce,
      ]),
    );
    refuses(zip(checkpoint(Buffer.concat([P.proto, long, ...many, P.stop]))), /storage is None/);
  });
});
