import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, createRandom } from '@perstream/kit'
import { type Memory, type MemoryInput, PerStreamError, type TensorStore } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph } from '../create-memory-graph'
import { exportSafetensors, readSafetensors } from '../import'
import { createVolatileTensors } from '../tensors/volatile-tensors'
import { createVolatileStore } from '../volatile-store'

const python = spawnSync('python3', ['-c', 'import numpy, safetensors.numpy']).status === 0

/** A file of a header and as many bytes, made by hand from the format's description. */
function fileOf(header: unknown, data = 0, length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  bytes.set(json, 8)
  for (let i = 0; i < data; i++) bytes[8 + json.length + i] = i
  return bytes
}

const at = (start: number, end: number) => ({ dtype: 'U8', shape: [end - start], data_offsets: [start, end] })

async function filledGraph() {
  const graph = await createMemoryGraph({ store: createVolatileStore() })
  const random = createRandom(1)
  const inputs: MemoryInput[] = Array.from({ length: 7 }, (_, i) => ({
    text: `memory ${i}`,
    category: 'notes',
    origin: 'told',
    ...(i !== 3 && { embedding: Float32Array.from({ length: 5 }, () => random.gaussian()), space: 'tiny' }),
  }))
  await graph.create(inputs)
  return graph
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await collect(pieces)))
}

/** The memories of a graph, two of them with the same grid and one with another. */
async function withGrids(
  graph: Awaited<ReturnType<typeof filledGraph>>,
): Promise<{ graph: Parameters<typeof exportSafetensors>[0]; grids: TensorStore }> {
  const grids = createVolatileTensors()
  const shape = { rows: 2, columns: 1, dimensions: 3, space: 'patches' }
  await grids.put('g"1', { ...shape, data: Float32Array.of(1, 2, 3, 4, 5, 6) })
  await grids.put('g2', { ...shape, data: Float32Array.of(-1, 0, 0.5, 7, 8, 9) }, { precision: 'f16' })
  const list = graph.list().map(
    (memory, i): Memory => ({
      ...memory,
      ...(i < 2 && { meanGrid: { id: 'g"1', ...shape } }),
      ...(i === 1 && { nearestGrid: { id: 'g2', ...shape } }),
    }),
  )
  return { graph: { space: graph.space, embedding: (id) => graph.embedding(id), list: () => list }, grids }
}

describe('exportSafetensors', () => {
  it('writes vectors and shared grids once, and says whose they are', async () => {
    const graph = await filledGraph()
    const subject = await withGrids(graph)
    const { metadata, tensors } = readSafetensors(
      await bytesOf(exportSafetensors(subject.graph, { grids: subject.grids })),
    )
    const ids = JSON.parse(metadata.ids!) as string[]
    expect(ids).toHaveLength(6)
    expect(metadata.space).toBe('tiny')
    expect([...tensors.keys()]).toEqual(['embeddings', 'grid:g"1', 'grid:g2'])
    expect(tensors.get('embeddings')).toMatchObject({ type: 'F32', shape: [6, 5] })
    const rows = tensors.get('embeddings')!.floats()
    for (const [i, id] of ids.entries()) expect(rows.subarray(5 * i, 5 * i + 5)).toEqual(graph.embedding(id))
    expect(tensors.get('grid:g2')).toMatchObject({ shape: [2, 1, 3] })
    expect([...tensors.get('grid:g2')!.floats()]).toEqual([-1, 0, 0.5, 7, 8, 9])
    expect(JSON.parse(metadata.grids!).map(({ id, part }: { id: string; part: string }) => [id, part])).toEqual([
      ['g"1', 'mean'],
      ['g"1', 'mean'],
      ['g2', 'nearest'],
    ])
  })

  it('writes an empty graph, and fails when a grid is gone', async () => {
    const empty = await createMemoryGraph({ store: createVolatileStore() })
    expect(readSafetensors(await bytesOf(exportSafetensors(empty))).tensors.size).toBe(0)
    const { graph, grids } = await withGrids(await filledGraph())
    await grids.delete(['g2'])
    await expect(bytesOf(exportSafetensors(graph, { grids }))).rejects.toMatchObject({ code: 'memory-not-found' })
  })

  it.skipIf(!python)(
    'is read by the safetensors library, which writes what is read here (skipped: no python3 with safetensors and numpy)',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'pmg-safetensors-'))
      const { graph, grids } = await withGrids(await filledGraph())
      const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
      const written = await bytesOf(exportSafetensors(graph, { grids }))
      writeFileSync(ours, written)
      const code = `
import json, sys, numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
found = load_file(sys.argv[1])
with safe_open(sys.argv[1], 'numpy') as file: metadata = file.metadata()
save_file({**found, 'half': np.array([[1, -0.5]], np.float16), 'whole': np.array(7, np.int64)}, sys.argv[2], metadata=metadata)
print(json.dumps({name: values.tolist() for name, values in found.items()}))`
      const { stdout, stderr, status } = spawnSync('python3', ['-c', code, ours, theirs], { encoding: 'utf8' })
      expect(status, stderr).toBe(0)
      const { metadata, tensors } = readSafetensors(written)
      const flat = (values: unknown): number[] => (values as number[]).flat(2)
      for (const [name, values] of Object.entries(JSON.parse(stdout)))
        expect(flat(values)).toEqual([...tensors.get(name)!.floats()])
      const back = readSafetensors(readFileSync(theirs))
      expect(back.metadata).toEqual(metadata)
      for (const [name, { shape, bytes }] of tensors)
        expect({ ...back.tensors.get(name), bytes: Uint8Array.from(back.tensors.get(name)!.bytes) }).toMatchObject({
          shape,
          bytes,
        })
      expect([...back.tensors.get('half')!.floats()]).toEqual([1, -0.5])
      expect(back.tensors.get('whole')).toMatchObject({ type: 'I64', shape: [] })
      rmSync(folder, { recursive: true })
    },
  )
})

describe('readSafetensors', () => {
  it('reads every type, shapes without elements, and names of any kind', () => {
    const header = {
      '': at(0, 2),
      __proto: { dtype: 'F32', shape: [0, 5], data_offsets: [2, 2] },
      x: { dtype: 'BF16', shape: [], data_offsets: [2, 4] },
    }
    const { tensors, metadata } = readSafetensors(fileOf(header, 4))
    expect(metadata).toEqual({})
    expect(tensors.get('')!.bytes).toEqual(Uint8Array.of(0, 1))
    expect(tensors.get('__proto')!.floats()).toEqual(new Float32Array(0))
    // 0x0302 at the upper half of a float: 2^-121 x (1 + 2 / 128)
    expect([...tensors.get('x')!.floats()]).toEqual([2 ** -121 * (1 + 2 / 128)])
    expect(() => tensors.get('')!.floats()).toThrow(TypeError)
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a header longer than the file', fileOf('{}', 0, 3n)],
    ['a header of 2^63 bytes', fileOf('{}', 0, 2n ** 63n)],
    ['a header that begins with a blank', fileOf(' {}')],
    ['broken JSON', fileOf('{"a":')],
    ['a list', fileOf('[]')],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } })],
    ['an unknown type', fileOf({ a: { dtype: 'F12', shape: [1], data_offsets: [0, 1] } }, 1)],
    ['a type of the prototype', fileOf({ a: { dtype: 'toString', shape: [1], data_offsets: [0, 1] } }, 1)],
    ['a negative side', fileOf({ a: { dtype: 'U8', shape: [-1], data_offsets: [0, 1] } }, 1)],
    [
      'a shape too large for the data',
      fileOf({ a: { dtype: 'U8', shape: [2 ** 52, 2 ** 52], data_offsets: [0, 1] } }, 1),
    ],
    ['data behind the end', fileOf({ a: at(0, 5) }, 4)],
    ['data that ends before it begins', fileOf({ a: { dtype: 'U8', shape: [0], data_offsets: [2, 1] } }, 2)],
    ['a gap', fileOf({ a: at(0, 1), b: at(2, 4) }, 4)],
    ['an overlap', fileOf({ a: at(0, 3), b: at(2, 4) }, 4)],
    ['bytes of no tensor', fileOf({ a: at(0, 3) }, 4)],
  ])('refuses %s', (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
  })

  it('fails in one way only, whatever bytes it is given', async () => {
    const whole = await bytesOf(exportSafetensors(await filledGraph()))
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(whole.length), (changes, length) => {
        const bytes = whole.slice(0, length % 3 === 0 ? length : whole.length)
        for (const { at: place, to } of changes) if (place < bytes.length) bytes[place] = to
        try {
          for (const { type, floats } of readSafetensors(bytes).tensors.values()) if (type === 'F32') floats()
        } catch (error) {
          expect(PerStreamError.isInstance(error) && error.code).toBe('input-invalid')
        }
      }),
      { numRuns: 1000 },
    )
  })
})
