import { type CallOptions, PerStreamError } from '@perstream/spec'
import { type ByteSource, bytesSource } from '../byte-source'
import { elementBytes, type SafetensorsType } from '../safetensors'
import { isLegacy, readLegacy } from './legacy'
import { invalidPickle, isGlobal, type PickleHooks, unpickle } from './pickle'
import { type FindStorage, type TorchStorage, TorchTensor } from './tensor'
import { openZip, type Zip } from './zip'

/** What Python stored: dictionaries are maps, lists and tuples arrays, None is null, large whole numbers are bigints. */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | TorchTensor
  | readonly TorchValue[]
  | ReadonlyMap<TorchValue, TorchValue>

/** A checkpoint that `torch.save` wrote. */
export interface TorchCheckpoint {
  readonly value: TorchValue
  /** Every tensor, by the keys and places that lead to it, joined by full stops: `model_state_dict.layer.0.weight`. */
  readonly tensors: ReadonlyMap<string, TorchTensor>
}

const longestPickle = 64 * 1024 * 1024

/**
 * Reads a file that `torch.save` wrote, as data: its pickle is never executed, and one that asks for more than tensors
 * and plain values need is refused. Values of tensors are read when they are asked for, from the source, which must stay
 * open until then. The old format without zip is read too; it is read to its end at once.
 * @throws PerStreamError `model-invalid`, which names what was asked for, for a hostile or damaged file;
 * `model-unsupported` for big-endian files and ways to pack that are not read
 */
export async function readTorchCheckpoint(
  input: Uint8Array | ByteSource,
  { signal }: CallOptions = {},
): Promise<TorchCheckpoint> {
  const source = input instanceof Uint8Array ? bytesSource('the checkpoint', input) : input
  const start = await source.read(0, Math.min(source.size, 16), { signal })
  const value = isLegacy(start)
    ? await readLegacy(source, torchHooks, { signal })
    : await readZipped(await openZip(source, { signal }), source.name, { signal })
  return { value: value as TorchValue, tensors: nameTensors(value) }
}

async function readZipped(zip: Zip, name: string, options: CallOptions): Promise<unknown> {
  const pickle = [...zip.entries.values()].find((entry) => /^[^/]+\/data\.pkl$/.test(entry.name))
  if (!pickle) throw invalidPickle(`${name} holds no data.pkl: it is no checkpoint of PyTorch`)
  if (pickle.size > longestPickle) throw invalidPickle(`it would take ${pickle.size} bytes`)
  const folder = pickle.name.slice(0, -'data.pkl'.length)
  const order = zip.entries.get(`${folder}byteorder`)
  if (order && new TextDecoder().decode(await zip.read(order, 0, order.size, options)) !== 'little') {
    throw new PerStreamError('model-unsupported', `${name} is big-endian: save it on a little-endian machine`)
  }
  const storages = (key: string, type: SafetensorsType, count: number): TorchStorage => {
    const entry = zip.entries.get(`${folder}data/${key}`)
    if (!entry) throw invalidPickle(`storage "${key}" is not in the file`)
    if (entry.size !== count * elementBytes[type]) {
      throw invalidPickle(`storage "${key}" has ${entry.size} bytes: ${count} values of ${type} have others`)
    }
    return { type, count, read: (offset, length, reading) => zip.read(entry, offset, length, reading) }
  }
  return unpickle(await zip.read(pickle, 0, pickle.size, options), torchHooks(storages)).value
}

const storageTypes: Readonly<Record<string, SafetensorsType>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
}

const calls: Readonly<Record<string, (values: readonly unknown[]) => unknown>> = {
  'collections.OrderedDict': ([pairs = []]) => new Map(pairsOf(pairs)),
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': ([tensor]) => {
    if (!(tensor instanceof TorchTensor)) throw invalidPickle('a parameter is no tensor')
    return tensor
  },
  'torch.Size': ([sizes]) => sizes,
}

/** What the pickles of checkpoints may ask for. */
function torchHooks(find: FindStorage): PickleHooks {
  return {
    allow: (global) => {
      if (Object.hasOwn(calls, global) || Object.hasOwn(storageTypes, global)) return
      throw invalidPickle(`it asks for "${global}", which tensors do not need; the file may be hostile`, { global })
    },
    call: (global, values) => {
      const make = Object.hasOwn(calls, global) ? calls[global] : undefined
      if (!make) throw invalidPickle(`it calls "${global}"`, { global })
      return make(values)
    },
    persistent: (id) => {
      const [kind, type, key, , count, view] = Array.isArray(id) ? (id as unknown[]) : []
      const known = isGlobal(type) && Object.hasOwn(storageTypes, type.global) ? storageTypes[type.global] : undefined
      if (kind !== 'storage' || !known || typeof key !== 'string' || !isCount(count)) {
        throw invalidPickle('it names a storage in a way that is not known')
      }
      if (view !== undefined && view !== null) throw invalidPickle(`storage "${key}" is a part of another one`)
      return find(key, known, count)
    },
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function pairsOf(pairs: unknown): [unknown, unknown][] {
  const list = Array.isArray(pairs) ? (pairs as unknown[]) : [undefined]
  if (!list.every((pair): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2)) {
    throw invalidPickle('a dictionary is made of what is no list of pairs')
  }
  return list
}

function rebuildTensor([storage, offset, shape, stride]: readonly unknown[]): TorchTensor {
  const lists = Array.isArray(shape) && Array.isArray(stride)
  if (!isStorage(storage) || !lists || ![offset, ...shape, ...stride].every(isCount)) {
    throw invalidPickle('a tensor is described in a way that is not known')
  }
  return new TorchTensor(storage, { shape: [...shape], stride: [...stride], offset: offset as number })
}

function isStorage(value: unknown): value is TorchStorage {
  return typeof value === 'object' && value !== null && 'read' in value && 'count' in value
}

const deepest = 100
const mostValues = 1_000_000

interface Walked {
  readonly value: object
  readonly path: readonly string[]
}

/** Walks what the pickle holds; a file cannot make it walk for ever. */
function nameTensors(root: unknown): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>()
  const waiting: Walked[] = typeof root === 'object' && root !== null ? [{ value: root, path: [] }] : []
  for (let walked = 0; waiting.length > 0; walked++) {
    const { value, path } = waiting.pop()!
    if (path.length > deepest || walked > mostValues)
      throw invalidPickle('its values lie within each other without end')
    if (value instanceof TorchTensor) {
      const name = path.join('.')
      if (tensors.has(name)) throw invalidPickle(`two tensors are called "${name}"`)
      tensors.set(name, value)
    } else for (const part of objectsIn(value, path).reverse()) waiting.push(part)
  }
  return tensors
}

function objectsIn(value: object, path: readonly string[]): Walked[] {
  if (value instanceof Uint8Array) return []
  if (!(value instanceof Map) && !Array.isArray(value)) throw invalidPickle('it holds something that is no plain value')
  const found: Walked[] = []
  for (const [key, part] of value.entries() as Iterable<[unknown, unknown]>) {
    if (typeof part === 'object' && part !== null) found.push({ value: part, path: [...path, nameOf(key)] })
  }
  return found
}

function nameOf(key: unknown): string {
  return typeof key === 'object' ? '?' : String(key)
}
