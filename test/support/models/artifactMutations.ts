import type {io} from '@tensorflow/tfjs-core';

/** The parts of saved artifacts that a loader reads. */
export interface Mutable {
  readonly json: {readonly [key in 'modelTopology' | 'weightSpecs' | 'userDefinedMetadata']?: unknown};
  readonly weightData: unknown;
}

type Random = () => number;
type Mutation = (given: Mutable, payload: Uint8Array, random: Random) => Mutable;

/** Ways in which a model's files are damaged, or edited by an enemy. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'bits flipped': (given, payload, random) => {
    const bytes = payload.slice();
    for (let flips = below(random, 4); flips >= 0; flips--) bytes[below(random, bytes.length)] ^= 1 << below(random, 8);
    return {...given, weightData: bytes.buffer};
  },
  'cut off': (given, payload, random) => ({
    ...given,
    weightData: payload.slice(0, below(random, payload.length)).buffer,
  }),
  'made longer': (given, payload, random) => ({
    ...given,
    weightData: Uint8Array.from([...payload, ...Array.from({length: 1 + below(random, 9)}, () => below(random, 256))])
      .buffer,
  }),
  'in several pieces': (given, payload, random) => ({...given, weightData: pieces(payload, random)}),
  'pieces swapped': (given, payload, random) => {
    const [first, ...others] = pieces(payload, random);
    return {...given, weightData: [...others, first]};
  },
  'no weights': (given, _payload, random) => ({
    ...given,
    weightData: pick(random, [undefined, null, 'text', {}, [], [null], 7, new ArrayBuffer(0)]),
  }),
  'JSON edited': (given, _payload, random) => ({...given, json: edited(given.json, random, () => true)}),
  'JSON edited twice': (given, _payload, random) => ({
    ...given,
    json: edited(
      edited(given.json, random, () => true),
      random,
      () => true,
    ),
  }),
  'numbers edited': (given, _payload, random) => ({
    ...given,
    json: edited(given.json, random, (value) => typeof value === 'number'),
  }),
  'names and classes edited': (given, _payload, random) => ({
    ...given,
    json: edited(given.json, random, (value) => typeof value === 'string'),
  }),
  'topology edited': (given, _payload, random) => ({
    ...given,
    json: {...given.json, modelTopology: edited(given.json.modelTopology, random, () => true)},
  }),
  'weights described otherwise': (given, _payload, random) => ({
    ...given,
    json: {...given.json, weightSpecs: edited(given.json.weightSpecs, random, () => true)},
  }),
};

/** Artifacts as plain data, free to be changed. */
export function mutableOf({modelTopology, weightSpecs, userDefinedMetadata, weightData}: io.ModelArtifacts): Mutable {
  return {
    json: JSON.parse(JSON.stringify({modelTopology, weightSpecs, userDefinedMetadata})) as Mutable['json'],
    weightData,
  };
}

/** JSON in which one of the values that are looked for is another, gone, or somewhere else. */
function edited<Json>(json: Json, random: Random, wanted: (value: unknown) => boolean): Json {
  const copy = structuredClone({json});
  const places = placesIn(copy.json).filter(({parent, key}) => wanted(Reflect.get(parent, key)));
  if (places.length === 0) return json;
  const {parent, key} = pick(random, places);
  const value: unknown = Reflect.get(parent, key);
  const change = below(random, 8);
  if (change === 0) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else Reflect.deleteProperty(parent, key);
  } else if (change === 1) {
    const other = pick(random, places);
    Reflect.set(parent, key, structuredClone(Reflect.get(other.parent, other.key) as unknown));
  } else if (change === 2) {
    Reflect.set(parent, key, pick(random, [[value], {value}, [value, value], {layers: [value]}]));
  } else if (change === 3 && typeof value === 'number') {
    Reflect.set(parent, key, value + pick(random, [-1, 1, 0.5, 7]));
  } else {
    Reflect.set(parent, key, pick(random, replacements));
  }
  return copy.json;
}

const replacements: readonly unknown[] = [
  0,
  1,
  2,
  3,
  16,
  -1,
  0.5,
  1e9,
  2 ** 31,
  2 ** 53,
  1e308,
  -1e9,
  NaN,
  Infinity,
  null,
  true,
  false,
  '',
  'x',
  '12',
  'NaN',
  [],
  {},
  [1e9],
  [-1],
  [1e9, 1e9],
  'Dense',
  'Conv2D',
  'DepthwiseConv2D',
  'LSTM',
  'Sequential',
  'Model',
  'Functional',
  'InputLayer',
  'Embedding',
  'TimeDistributed',
  'Packed (registerPacked() of tfjs-compress)',
  'constructor',
  '__proto__',
  'toString',
  'relu',
  'softmax',
  'same',
  'plane',
  {n: 0, m: 16},
  {n: 1, m: 16},
  {n: 16, m: 16},
  'float32',
  'int32',
  'bool',
  'string',
  'complex64',
];

/** Every entry of an object and of what is in it. */
function placesIn(value: unknown): Array<{readonly parent: object; readonly key: string}> {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{parent: value, key}, ...placesIn(inner)]);
}

function pieces(payload: Uint8Array, random: Random): unknown[] {
  const cuts = [
    0,
    ...Array.from({length: 1 + below(random, 3)}, () => below(random, payload.length + 1)).sort((a, b) => a - b),
    payload.length,
  ];
  return cuts.slice(1).map((end, i) => {
    const piece = payload.slice(cuts[i], end);
    return random() < 0.5 ? piece.buffer : piece;
  });
}

function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[below(random, items.length)];
}
