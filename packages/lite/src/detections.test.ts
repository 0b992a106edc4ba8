import { describe, expect, it } from 'vitest'
import { readDetections } from './detections'

const options = { labels: ['cup', 'dog'], threshold: 0.3, width: 100, height: 50 }
const read = (...rows: number[][]) => readDetections(Float32Array.from(rows.flat()), options)

describe('readDetections', () => {
  it('gives boxes in parts of the image, best first', () => {
    const found = read([10, 5, 20, 25, 0.5, 0], [0, 0, 50, 50, 0.75, 1])
    expect(found).toEqual([
      { label: 'dog', score: 0.75, box: { left: 0, top: 0, right: 0.5, bottom: 1 } },
      { label: 'cup', score: 0.5, box: { left: 0.1, top: 0.1, right: 0.2, bottom: 0.5 } },
    ])
  })

  it('leaves out what scores too little, and what lies in the border', () => {
    expect(read([0, 0, 10, 10, 0.25, 0], [0, 60, 10, 70, 0.9, 0])).toEqual([])
    expect(read([-10, 40, 110, 90, 0.9, 0])[0]!.box).toEqual({ left: 0, top: 0.8, right: 1, bottom: 1 })
  })

  it('keeps the better of two that overlap by half, unless their classes differ', () => {
    const found = read([0, 0, 10, 10, 0.6, 0], [0, 0, 10, 9, 0.9, 0], [0, 0, 10, 10, 0.5, 1], [8, 0, 18, 10, 0.4, 0])
    expect(found.map(({ label, score }) => [label, Number(score.toFixed(1))])).toEqual([
      ['cup', 0.9],
      ['dog', 0.5],
      ['cup', 0.4],
    ])
  })
})
