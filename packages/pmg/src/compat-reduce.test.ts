import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type CompatGraph, type CompatReductionMode, createCompatGraph } from './compat'

afterEach(() => {
  vi.useRealTimers()
})

const axes = ['n1', 'n2', 'n3', 'n4']
const embed = (text: string) => Float32Array.from(axes, (axis) => (axis === text ? 1 : 0))
const floats = (bytes: number) => new Float32Array(bytes / 4)

interface Sizes {
  readonly v_nearest: number
  readonly v_mean: number
  readonly v_M: number
  readonly text: string
}

const whole: Sizes = { v_nearest: 400, v_mean: 200, v_M: 100, text: 'c'.repeat(40) }
const visual: Sizes = { v_nearest: 0, v_mean: 0, v_M: 100, text: 'étui' }
const empty: Sizes = { v_nearest: 0, v_mean: 0, v_M: 0, text: '' }

/** A graph of the nodes n1, n2, ..., each found so many times, then filled. */
async function graphOf(nodes: readonly (readonly [Sizes, visits: number])[]): Promise<CompatGraph> {
  const graph = createCompatGraph({ embed })
  for (const [i, [sizes, visits]] of nodes.entries()) {
    const label = axes[i]!
    const { subject } = await graph.create({ subject: label, predicate: 'is', object: label }, 'name')
    for (let times = 0; times < visits; times++) graph.retrieveByEmbedding(embed(label), { topK: 1, delta: 0.5 })
    const { text, v_M, v_mean, v_nearest } = sizes
    graph.update(subject, { text, embedding: floats(v_M), mean: floats(v_mean), nearest: floats(v_nearest) })
  }
  return graph
}

const threeNodes = () =>
  graphOf([
    [whole, 3],
    [whole, 1],
    [visual, 2],
  ])

function stateOf(graph: CompatGraph) {
  return graph.nodes.map(({ nearest, mean, captionEmbedding, text }) => [
    ...[nearest.byteLength, mean.byteLength, captionEmbedding.byteLength],
    Buffer.byteLength(text!),
  ])
}

describe('reduce', () => {
  it('takes parts of cold nodes first (vector H1)', async () => {
    const byNode = await threeNodes()
    expect(byNode.reduce(0)).toEqual({ freedBytes: 0, nodesModified: 0, removed: {}, strategy: 'NSBG' })
    expect(byNode.reduce(950)).toEqual({
      ...{ freedBytes: 1245, nodesModified: 3, strategy: 'NSBG' },
      removed: { v_nearest: 2, v_mean: 1, v_M: 2, M: 2 },
    })
    expect(stateOf(byNode)).toEqual([
      [0, 200, 100, 40],
      [0, 0, 0, 9],
      [0, 0, 0, 9],
    ])
    const byGranularity = await threeNodes()
    expect(byGranularity.reduce(1100, 'GSBN')).toEqual({
      ...{ freedBytes: 1200, nodesModified: 4, strategy: 'GSBN' },
      removed: { v_nearest: 2, v_mean: 2 },
    })
  })

  it('counts its own markers as freed again (vector H1, B-41)', async () => {
    const graph = await threeNodes()
    const freed = [1, 2, 3].map(() => graph.reduce(1e9).freedBytes)
    expect(freed).toEqual([1585, 27, 27])
    expect(graph.nodes.map(({ text }) => text)).toEqual(['[REDUCED]', '[REDUCED]', '[REDUCED]'])
  })

  it('counts a node with nothing left as modified once something was freed (vector H3, B-42)', async () => {
    const coldest = await graphOf([
      [visual, 3],
      [empty, 1],
      [visual, 2],
    ])
    expect(coldest.reduce(50)).toMatchObject({ nodesModified: 1, removed: { v_M: 1 } })
    const second = await graphOf([
      [whole, 1],
      [empty, 2],
      [visual, 3],
    ])
    expect(second.reduce(760)).toMatchObject({ nodesModified: 3, removed: { v_nearest: 1, v_mean: 1, v_M: 2, M: 1 } })
  })

  it('takes age for visits where none was counted (vector H4)', async () => {
    vi.useFakeTimers()
    const day = 24 * 60 * 60 * 1000
    const graph = createCompatGraph({ embed })
    const now = Date.UTC(2024, 0, 1)
    const ids: string[] = []
    for (const [label, age] of [
      ['n3', 45],
      ['n2', 10],
      ['n1', 0],
    ] as const) {
      vi.setSystemTime(now - age * day)
      ids.unshift((await graph.create({ subject: label, predicate: 'is', object: label }, 'name')).subject)
    }
    graph.reduce(0)
    expect(ids.map((id) => graph.visits(id))).toEqual([30, 20, 1])
    const { subject } = await graph.create({ subject: 'n4', predicate: 'is', object: 'n4' }, 'name')
    expect(graph.visits(subject)).toBe(0)
    graph.reduce(1)
    expect(graph.nodes.filter(({ captionEmbedding }) => captionEmbedding.length === 0).map(({ id }) => id)).toEqual([
      subject,
    ])
  })

  it('takes no age once something was found (vector H4)', async () => {
    const graph = await graphOf([
      [whole, 1],
      [whole, 0],
      [whole, 0],
    ])
    graph.reduce(0)
    expect(graph.nodes.map(({ id }) => graph.visits(id))).toEqual([1, 0, 0])
  })

  it('takes what is missing for no bytes, and refuses what is no size or mode (vector H5, corrected)', async () => {
    const graph = await graphOf([[empty, 0]])
    expect(graph.reduce(10)).toMatchObject({ freedBytes: 0, nodesModified: 0 })
    for (const bytes of [-1, Number.NaN]) expect(() => graph.reduce(bytes)).toThrow(TypeError)
    expect(() => graph.reduce(1, 'LRU' as CompatReductionMode)).toThrow(/"LRU".*"NSBG" or "GSBN"/)
  })
})

describe('memoryUsage', () => {
  it('counts the parts of the nodes (vector H2)', async () => {
    const graph = await threeNodes()
    const bytesBy = { M: 85, v_M: 300, v_mean: 400, v_nearest: 800 }
    expect(graph.memoryUsage()).toEqual({ totalBytes: 1585, bytesBy, nodes: 3, edges: 3 })
  })
})

const root = fileURLToPath(new URL('../../..', import.meta.url))
const vectorsPath = `${process.env.PERSTREAM_SHARED ?? `${root}../shared`}/reference/vectors.json`
const missing = !existsSync(vectorsPath)

interface Trace {
  readonly freed_bytes: number
  readonly nodes_modified: number
  readonly removed: object
}

it.skipIf(missing)(`every trace of vectors.json${missing ? ' (skipped: no shared material)' : ''}`, async () => {
  const { vectors } = JSON.parse(readFileSync(vectorsPath, 'utf8')) as { vectors: { id: string; expected: never }[] }
  const traces = vectors.find(({ id }) => id === 'H1-reduce-traces')!.expected as Record<
    string,
    { result: Trace | Trace[]; state_after: Record<string, Record<string, number>> }
  >
  expect(Object.keys(traces).length).toBeGreaterThanOrEqual(14)
  for (const [name, { result, state_after }] of Object.entries(traces)) {
    const [, mode, target] = /^(NSBG|GSBN) target (\S+) B/.exec(name)!
    const graph = await threeNodes()
    for (const { freed_bytes, nodes_modified, removed } of [result].flat())
      expect(graph.reduce(Number(target), mode as CompatReductionMode), name).toEqual({
        ...{ freedBytes: freed_bytes, nodesModified: nodes_modified, removed, strategy: mode },
      })
    const after = Object.values(state_after).map(({ v_nearest, v_mean, v_M, M }) => [v_nearest, v_mean, v_M, M])
    expect(stateOf(graph), name).toEqual(after)
  }
})
