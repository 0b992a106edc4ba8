import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type ReportData, renderReport } from '../src/report/index'
import { clock, clockRange, duration, percent } from '../src/report/page/format'
import { ticks } from '../src/report/page/gate-scales'
import { buildGraph, momentOf } from '../src/report/page/graph-model'
import { filterMemories } from '../src/report/page/memory-filter'
import { lastAtOrBefore } from '../src/report/page/player'
import { emptyReport, largeReport, sampleReport } from './report-sample/report-sample'

const hostile = '</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)>'

describe('renderReport', () => {
  it('keeps hostile texts inside the data, where they come back unchanged', () => {
    const html = renderReport({ ...emptyReport(), title: hostile, warnings: [{ code: 'x', message: hostile }] })
    expect(html.match(/<script/g)).toHaveLength(2)
    expect(html.match(/<\/script/g)).toHaveLength(2)
    expect(html).not.toContain('<img')
    expect(html).not.toContain('<!--')
    expect(readData(html).warnings[0]!.message).toBe(hostile)
    expect(html).toContain('<title>&lt;/script&gt;')
  })

  it('forbids everything but its own script, style and embedded images', () => {
    const html = renderReport(sampleReport())
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!
    expect(policy).toContain("default-src 'none'; img-src data:;")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain(`script-src '${hashOf(html, /<script>([\s\S]*?)<\/script>/)}'`)
    expect(policy).toContain(`style-src '${hashOf(html, /<style>([\s\S]*?)<\/style>/)}'`)
  })

  it('embeds all of the data; a score without a value becomes null', () => {
    const data = sampleReport()
    const gate = data.gate.map((decision) => ({
      ...decision,
      score: Number.isNaN(decision.score) ? null : decision.score,
    }))
    expect(gate.some(({ score }) => score === null)).toBe(true)
    expect(readData(renderReport(data))).toEqual(JSON.parse(JSON.stringify({ ...data, gate })))
  })

  it('gives the same file for the same data', () => {
    expect(renderReport(sampleReport())).toBe(renderReport(sampleReport()))
  })

  it('carries the notice of the code it holds', () => {
    expect(renderReport(emptyReport())).toContain('Copyright 2010-2021 Mike Bostock')
  })

  it('refuses thumbnails that are not embedded or do not exist', () => {
    const { keyframes, memories } = sampleReport()
    const remote = { ...emptyReport(), keyframes: [{ ...keyframes[0]!, thumbnail: 'https://example.org/a.jpg' }] }
    expect(() => renderReport(remote)).toThrow(/keyframes\[0\]\.thumbnail is "https:\/\/example\.org/)
    const missing = { ...emptyReport(), memories: [{ ...memories[0]!, thumbnail: 3 }] }
    expect(() => renderReport(missing)).toThrow(/memories\[0\]\.thumbnail is 3; give an index into 0 keyframes/)
  })
})

describe('the data that is drawn', () => {
  it('hangs memories on categories and entities on the memories that mention them', () => {
    const data = sampleReport()
    const { nodes, links } = buildGraph(data)
    const categories = new Set(data.memories.map(({ category }) => category))
    expect(nodes).toHaveLength(data.memories.length + data.graph.entities.length + categories.size)
    expect(links.filter(({ kind }) => kind === 'category')).toHaveLength(data.memories.length)
    expect(links.filter(({ kind }) => kind === 'relation')).toHaveLength(data.graph.relations.length)
    const car = nodes.find(({ label }) => label === 'Car')!
    expect(car.neighbours.map(({ id }) => id)).toContain('memory:m5')
    const moments = car.neighbours.flatMap((node) => (node.kind === 'memory' ? [node.seconds!] : []))
    expect(momentOf(car)).toBe(Math.min(...moments))
  })

  it('draws the best connected nodes of a huge graph, and knows how many there are', () => {
    const { nodes, links, total } = buildGraph(largeReport(4000))
    expect([nodes.length, total]).toEqual([3000, 8009])
    const drawn = new Set(nodes)
    expect(links.every(({ source, target }) => drawn.has(source) && drawn.has(target))).toBe(true)
    expect(nodes.every(({ neighbours }) => neighbours.every((node) => drawn.has(node)))).toBe(true)
    expect(nodes.filter(({ kind }) => kind === 'category')).toHaveLength(9)
  })

  it('leaves out relations whose ends do not exist', () => {
    const graph = { entities: [], relations: [{ source: 'a', target: 'b', predicate: 'is', memoryIds: ['m0'] }] }
    expect(buildGraph({ ...emptyReport(), graph })).toEqual({ nodes: [], links: [], total: 0 })
  })

  it('filters by every word, category and origin, accents and case aside', () => {
    const { memories } = sampleReport()
    const all = { search: '', category: '', origin: '' }
    expect(filterMemories(memories, all)).toHaveLength(memories.length)
    expect(filterMemories(memories, { ...all, search: 'CAFE  linde' }).map(({ id }) => id)).toEqual(['m2', 'm17'])
    expect(filterMemories(memories, { ...all, search: 'linde bakery' })).toEqual([])
    expect(filterMemories(memories, { ...all, category: 'vehicle', origin: 'read' }).map(({ id }) => id)).toEqual([
      'm6',
      'm21',
    ])
  })

  it('finds the keyframe of a moment', () => {
    const items = [{ seconds: 1 }, { seconds: 2.5 }, { seconds: 4 }]
    expect([0, 1, 2.4, 2.5, 99].map((seconds) => lastAtOrBefore(items, seconds))).toEqual([0, 0, 0, 1, 2])
    expect(lastAtOrBefore([], 3)).toBe(-1)
  })

  it('marks axes at round numbers', () => {
    expect(ticks(-0.07, 0.93, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8])
    expect(ticks(12, 88, 4)).toEqual([20, 40, 60, 80])
  })

  it('writes times, lengths and shares the way people do', () => {
    expect([0, 7.9, 61, 3599, 3723].map(clock)).toEqual(['0:00', '0:07', '1:01', '59:59', '1:02:03'])
    expect([clockRange(4, 4.9), clockRange(4, 6)]).toEqual(['0:04', '0:04–0:06'])
    expect([0.04, 8.44, 9.96, 60, 84, 7199, 7500].map(duration)).toEqual([
      '0 s',
      '8.4 s',
      '10 s',
      '1 min',
      '1 min 24 s',
      '2 h',
      '2 h 5 min',
    ])
    expect([0, 0.004, 0.125, 1].map(percent)).toEqual(['0 %', '< 1 %', '13 %', '100 %'])
  })
})

function readData(html: string): ReportData {
  return JSON.parse(/id="report-data">([\s\S]*?)<\/script>/.exec(html)![1]!) as ReportData
}

function hashOf(html: string, pattern: RegExp): string {
  return `sha256-${createHash('sha256').update(pattern.exec(html)![1]!).digest('base64')}`
}
