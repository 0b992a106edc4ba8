import { type GridReference, type MemoryInput, type PatchGrid, PerStreamError, type TensorStore } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, createVolatileTensors } from './index'

const grid = (...values: number[]): PatchGrid => ({
  ...{ data: Float32Array.from(values), rows: 1, columns: 1, dimensions: values.length, space: 'vision' },
})
const note = (text: string, override: Partial<MemoryInput> = {}): MemoryInput => ({
  ...{ text, category: 'notes', origin: 'seen' },
  ...override,
})
const open = async (tensors: TensorStore = createVolatileTensors(), store = createVolatileStore()) => ({
  ...{ tensors, store },
  graph: await createMemoryGraph({ store, tensors }),
})

describe('grids', () => {
  it('are kept once a buffer, shared, and read back', async () => {
    const { graph } = await open()
    const [mean, nearest] = [grid(1, 2), grid(3, 4)]
    const results = await graph.create([
      note('a', { meanGrid: mean, nearestGrid: nearest }),
      note('b', { meanGrid: mean, nearestGrid: { ...nearest } }),
      note('c', { meanGrid: nearest }),
      note('d'),
    ])
    const [a, b, c, d] = results.map(({ id }) => graph.get(id)!)
    expect(a!.meanGrid).toEqual(b!.meanGrid)
    expect([a!.nearestGrid, b!.nearestGrid]).toEqual([c!.meanGrid, c!.meanGrid])
    expect([d!.meanGrid, c!.nearestGrid]).toEqual([undefined, undefined])
    expect(await graph.grid(a!.meanGrid!)).toEqual(mean)
    expect(graph.stats().grids).toBe(2)
    expect(await graph.gridUsage()).toEqual({ grids: 2, bytes: 16 })
  })

  it('are freed with the last memory that has them', async () => {
    const { graph } = await open()
    const shared = grid(1, 2)
    const [a, b] = await graph.create([
      note('a', { meanGrid: shared }),
      note('b', { meanGrid: shared, nearestGrid: grid(5) }),
    ])
    const reference = graph.get(a!.id)!.meanGrid as GridReference
    await graph.delete([b!.id])
    expect(await graph.gridUsage()).toEqual({ grids: 1, bytes: 8 })
    await graph.delete([a!.id])
    expect(await graph.gridUsage()).toEqual({ grids: 0, bytes: 0 })
    expect(await graph.grid(reference)).toBeUndefined()
  })

  it('of what is seen again are dropped, of better readings replace the old', async () => {
    const { graph } = await open()
    const evidence = [{ source: 'a.mp4', startSeconds: 1, endSeconds: 1, frames: [1] }]
    const [a] = await graph.create([note('a', { meanGrid: grid(1) })])
    await graph.create([note('a', { meanGrid: grid(2), nearestGrid: grid(3) })])
    expect(await graph.grid(graph.get(a!.id)!.meanGrid!)).toEqual(grid(1))
    expect(await graph.grid(graph.get(a!.id)!.nearestGrid!)).toEqual(grid(3))
    const [t] = await graph.create([note('t', { track: 't', evidence, meanGrid: grid(4) })])
    await graph.create([note('tt', { track: 't', evidence, meanGrid: grid(5) })])
    expect(await graph.grid(graph.get(t!.id)!.meanGrid!)).toEqual(grid(5))
    expect(await graph.gridUsage()).toEqual({ grids: 3, bytes: 12 })
  })

  it('stay through updates and reopening; those without a memory are swept', async () => {
    const { graph, tensors, store } = await open()
    const [a] = await graph.create([note('a', { meanGrid: grid(1) })])
    await graph.update(a!.id, { text: 'b' })
    await tensors.put('left by a crash', grid(9))
    const again = await open(tensors, store)
    expect(await again.graph.gridUsage()).toEqual({ grids: 1, bytes: 4 })
    expect(await again.graph.grid(again.graph.get(a!.id)!.meanGrid!)).toEqual(grid(1))
  })

  it('are durable before their memories, and gone when the memories could not be kept', async () => {
    const tensors = createVolatileTensors()
    const inner = createVolatileStore()
    const kept: number[] = []
    let full = false
    const store = {
      ...inner,
      commit: async (...batch: Parameters<typeof inner.commit>) => {
        kept.push((await tensors.list()).length)
        if (full) throw new Error('disk full')
        return inner.commit(...batch)
      },
    }
    const graph = await createMemoryGraph({ store, tensors })
    await graph.create([note('a', { meanGrid: grid(1) })])
    full = true
    await expect(graph.create([note('b', { meanGrid: grid(2) })])).rejects.toThrow('disk full')
    expect(kept).toEqual([1, 2])
    expect(await graph.gridUsage()).toEqual({ grids: 1, bytes: 4 })
  })

  it('that cannot be kept fail the write and leave nothing', async () => {
    const inner = createVolatileTensors()
    const tensors: TensorStore = {
      ...inner,
      put: async (id, each, options) => {
        if (each.data[0] === 13) throw new PerStreamError('out-of-memory', 'the disk is full')
        return inner.put(id, each, options)
      },
    }
    const { graph } = await open(tensors)
    const bad = graph.create([note('a', { meanGrid: grid(1) }), note('b', { meanGrid: grid(13) })])
    await expect(bad).rejects.toMatchObject({ code: 'out-of-memory' })
    expect([graph.list(), await graph.gridUsage()]).toEqual([[], { grids: 0, bytes: 0 }])
    await expect(graph.create([note('a', { meanGrid: { ...grid(1), rows: 2 } })])).rejects.toThrow(
      'inputs[0].meanGrid.data',
    )
    await expect(graph.create([note('a', { nearestGrid: grid(Number.NaN) })])).rejects.toThrow('inputs[0].nearestGrid')
  })

  it('are left out where there is no tensor store, and left alone where it can only be read', async () => {
    const graph = await createMemoryGraph({ store: createVolatileStore() })
    const [a] = await graph.create([note('a', { meanGrid: grid(1) })])
    expect(graph.get(a!.id)!.meanGrid).toBeUndefined()
    const inner = createVolatileTensors()
    await inner.put('of the writer', grid(1))
    const readOnly: TensorStore = {
      ...inner,
      delete: async () => {
        throw new PerStreamError('store-read-only', 'open for reading')
      },
    }
    expect(await (await open(readOnly)).graph.gridUsage()).toEqual({ grids: 1, bytes: 4 })
  })
})
