import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createCompatGraph } from './compat'

const labels: Record<string, number[]> = {
  anna: [1, 0, 0],
  ann: [0.95, 0.3122499, 0],
  dog: [0, 1, 0],
  puppy: [0, 0.92, 0.3919184],
  ball: [0, 0, 1],
}
const embed = (text: string) => Float32Array.from(labels[text.toLowerCase().trim()] ?? [1, 1, 1])
const grid = Float32Array.of(1, 2, 3, 4)

async function makeF1() {
  const graph = createCompatGraph({ threshold: 0.9, embed })
  const calls: [string, string, string, string, string][] = [
    ['Anna', 'walks', 'dog', 'name', 'Anna walks her dog'],
    [' anna ', 'walks', 'DOG', 'name', 'second caption'],
    ['Ann', 'feeds', 'puppy', 'name', 'third caption'],
    ['Anna', 'throws', 'ball', 'age', 'fourth caption'],
  ]
  const first = { embedding: Float32Array.of(0.6, 0.8, 0), mean: grid, nearest: grid }
  const later = { embedding: Float32Array.of(0, 0, 1) }
  for (const [i, [subject, predicate, object, category, text]] of calls.entries())
    await graph.create({ subject, predicate, object }, category, { text, ...(i === 0 ? first : later) })
  return graph
}

describe('create', () => {
  it('finds or creates nodes and edges (vector F1)', async () => {
    const graph = await makeF1()
    expect(graph.nodes.map((node) => [node.label, node.category, node.text, node.mean.length])).toEqual([
      ['Anna', 'name', 'Anna', 0],
      ['dog', 'name', 'Anna walks her dog', 4],
      ['Anna', 'age', 'Anna', 0],
      ['ball', 'age', 'fourth caption', 0],
    ])
    expect([...graph.nodes[0]!.captionEmbedding]).toEqual([1, 0, 0])
    expect([...graph.nodes[1]!.captionEmbedding]).toEqual([Math.fround(0.6), Math.fround(0.8), 0])
    const label = (id: string) => graph.nodes.find((node) => node.id === id)!.label
    expect(graph.edges.map((edge) => [label(edge.source), edge.predicate, label(edge.target), edge.sequence])).toEqual([
      ['Anna', 'walks', 'dog', 1],
      ['Anna', 'feeds', 'dog', 2],
      ['Anna', 'throws', 'ball', 3],
    ])
    expect(graph.sequenceCounter).toBe(3)
  })

  it('makes duplicates when allowed (vector F2)', async () => {
    const graph = createCompatGraph({ allowDuplicates: true, embed })
    for (let i = 0; i < 2; i++) await graph.create({ subject: 'Anna', predicate: 'walks', object: 'dog' }, 'name')
    expect([graph.nodes.length, graph.edges.length, graph.sequenceCounter]).toEqual([4, 2, 2])
  })

  it('throws for an unknown category and changes nothing (vector F2, corrected)', async () => {
    const graph = createCompatGraph({ embed })
    await expect(graph.create({ subject: 'Anna', predicate: 'is', object: 'dog' }, 'nope')).rejects.toMatchObject({
      code: 'category-unknown',
    })
    expect([graph.nodes.length, graph.edges.length]).toEqual([0, 0])
  })

  it('loses the memory when object and subject match, and counts cosines from 0 (vector F2)', async () => {
    const graph = createCompatGraph({ embed })
    await graph.create({ subject: 'ball', predicate: 'is', object: 'Ball' }, 'name', { text: 'lost' })
    expect(graph.nodes.map((node) => node.text)).toEqual(['ball'])
    expect(graph.edges.map((edge) => edge.source === edge.target)).toEqual([true])
    const opposite = createCompatGraph({ threshold: 0, embed: (text) => Float32Array.of(text === 'a' ? 1 : -1) })
    await opposite.create({ subject: 'a', predicate: 'is', object: 'b' }, 'name')
    expect(opposite.nodes.length).toBe(2)
  })
})

const captions: Record<string, number[]> = {
  A: [1, 0],
  B: [0.2, 0.9797959],
  C: [0.6, 0.8],
  D: [0.9, 0.4358899],
  E: [-0.5, 0.8660254],
  F: [0.8, 0.6],
  G: [0.95, 0.3122499],
}

/** Nodes are made one by one as subjects of a loop to themselves, then joined; only the joining edges are followed. */
async function makeF3(edges = ['AB', 'AC', 'BD', 'CE', 'EF', 'DA']) {
  const oneHot = (text: string) => Float32Array.from({ length: 8 }, (_, i) => (i === 'ABCDEFGQ'.indexOf(text) ? 1 : 0))
  const graph = createCompatGraph({ embed: oneHot })
  for (const label of Object.keys(captions)) {
    const { object } = await graph.create({ subject: label, predicate: 'self', object: label }, 'name')
    graph.update(object, { embedding: Float32Array.from(captions[label]!) })
  }
  for (const [source, target] of edges)
    await graph.create({ subject: source!, predicate: 'to', object: target! }, 'name')
  const id = (label: string) => graph.nodes.find((node) => node.label === label)!.id
  return { graph, id }
}

describe('retrieve', () => {
  const query = Float32Array.of(1, 0)

  it('walks from the nearest, last-added neighbour first (vector F3)', async () => {
    const { graph, id } = await makeF3()
    const found = (topK: number, delta: number) =>
      graph.retrieveByEmbedding(query, { topK, delta }).map(({ node }) => node.label)
    const hits = graph.retrieveByEmbedding(query, { topK: 1, delta: 0.3 })
    expect(hits.map(({ node }) => node.label)).toEqual(['A', 'C', 'F', 'D'])
    for (const [i, { similarity }] of hits.entries()) expect(similarity).toBeCloseTo([1, 0.6, 0.8, 0.9][i]!, 4)
    expect(found(1, 0)).toEqual(['A', 'C', 'F', 'B', 'D'])
    expect(found(5, 0.3)).toEqual(['A', 'C', 'F', 'D', 'G'])
    expect(found(2, 0.85)).toEqual(['A', 'D', 'G'])
    expect(found(5, 0.3)).toEqual(['A', 'C', 'F', 'D', 'G'])
    expect(graph.retrieveByEmbedding(query, { categories: [], delta: 0.3 }).length).toBe(5)
    expect(['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((label) => graph.visits(id(label)))).toEqual([6, 1, 5, 6, 0, 5, 4])
  })

  it('passes through reduced nodes, and throws for an unknown category (vector F3)', async () => {
    const { graph, id } = await makeF3()
    graph.update(id('B'), { embedding: new Float32Array(0) })
    const hits = graph.retrieveByEmbedding(query, { topK: 1, delta: 0.3 })
    expect(hits.map(({ node }) => node.label)).toEqual(['A', 'C', 'F', 'D'])
    expect(() => graph.retrieveByEmbedding(query, { categories: ['nope'] })).toThrow(
      expect.objectContaining({ code: 'category-unknown' }),
    )
  })
})

describe('update and delete', () => {
  it('removes the edges of a node, and its visits (vector F4, corrected)', async () => {
    const graph = createCompatGraph({
      embed: (text) => Float32Array.of(text === 'A' ? 1 : 0, text === 'B' ? 1 : 0, text === 'C' ? 1 : 0),
    })
    await graph.create({ subject: 'A', predicate: 'to', object: 'B' }, 'name')
    const { subject: b } = await graph.create({ subject: 'B', predicate: 'to', object: 'C' }, 'name')
    expect([graph.nodes.length, graph.edges.length]).toEqual([3, 2])
    expect(graph.update(graph.nodes[0]!.id, { label: 'A2', text: 'new' })).toBe(true)
    expect(graph.update('nobody', {})).toBe(false)
    expect(graph.delete(b)).toBe(true)
    expect(graph.nodes.map((node) => node.label)).toEqual(['A2', 'C'])
    expect([graph.edges.length, graph.visits(b), graph.delete(b)]).toEqual([0, 0, false])
  })
})

describe('toString', () => {
  it('prints as the prototype does (vector F5)', async () => {
    const graph = createCompatGraph({
      embed: (text) => (text.startsWith('x') ? Float32Array.of(0, 1) : Float32Array.of(1, 0)),
    })
    await graph.create({ subject: 'a very long subject label', predicate: 'is near', object: 'x'.repeat(60) }, 'name')
    const ids = graph.nodes.map((node) => node.id.slice(0, 8))
    expect(graph.toString().split('\n')).toEqual([
      '='.repeat(80),
      'PERSONALIZED MEMORY GRAPH',
      '='.repeat(80),
      'Total Nodes: 2',
      'Total Edges: 1',
      'Similarity Threshold: 0.9',
      '',
      '-'.repeat(60),
      'CATEGORY: NAME',
      '-'.repeat(60),
      'Nodes in category: 2',
      '',
      'NODES:',
      `  1. [${ids[0]}...] a very long subject label`,
      `  2. [${ids[1]}...] ${'x'.repeat(47)}...`,
      '',
      'EDGES:',
      '  1. [a very long subje...] --[is near]--> [xxxxxxxxxxxxxxxxx...]',
      '',
      '='.repeat(80),
    ])
  })
})

const shared = process.env.PERSTREAM_SHARED ?? fileURLToPath(new URL('../../../../shared', import.meta.url))
const vectorsPath = `${shared}/reference/vectors.json`
const missing = !existsSync(vectorsPath)

describe(`vectors.json${missing ? ' (skipped: no shared material)' : ''}`, () => {
  const expected = (id: string) => {
    const { vectors } = JSON.parse(readFileSync(vectorsPath, 'utf8')) as { vectors: { id: string; expected: never }[] }
    return vectors.find((vector) => vector.id === id)!.expected
  }

  it.skipIf(missing)('F1: nodes and edges', async () => {
    const graph = await makeF1()
    const { nodes, edges } = expected('F1-create') as { nodes: Record<string, unknown>[]; edges: unknown[] }
    expect(graph.nodes.length).toBe(nodes.length)
    for (const [i, node] of graph.nodes.entries()) {
      const { caption_embedding, ...words } = nodes[i]!
      const { label, category, text, mean, nearest } = node
      expect({ label, category, caption_text: text, mean_size: mean.length, nearest_size: nearest.length }).toEqual(
        words,
      )
      for (const [j, value] of (caption_embedding as number[]).entries())
        expect(node.captionEmbedding[j]).toBeCloseTo(value, 5)
    }
    const label = (id: string) => graph.nodes.find((node) => node.id === id)!.label
    expect(graph.edges.map((edge) => [label(edge.source), edge.predicate, label(edge.target), edge.sequence])).toEqual(
      edges,
    )
  })

  it.skipIf(missing)('F3: every walk over the first graph', async () => {
    const { graph } = await makeF3()
    const cases = Object.entries(expected('F3-retrieve-dfs') as Record<string, [string, number][]>)
    const walks = cases.filter(([name]) => /^top_k=\d,delta=[\d.]+$/.test(name))
    expect(walks.length).toBe(4)
    for (const [name, hits] of walks) {
      const [topK, delta] = name.match(/[\d.]+/g)!.map(Number) as [number, number]
      const found = graph.retrieveByEmbedding(Float32Array.of(1, 0), { topK, delta })
      expect(
        found.map(({ node }) => node.label),
        name,
      ).toEqual(hits.map(([label]) => label))
      for (const [i, { similarity }] of found.entries()) expect(similarity).toBeCloseTo(hits[i]![1], 4)
    }
  })
})
