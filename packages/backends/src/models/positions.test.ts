import { describe, expect, it } from 'vitest'
import { positionsBetween, promptPositions } from './positions'

const rows = (data: BigInt64Array, length: number) =>
  Array.from({ length: data.length / length }, (_, axis) =>
    [...data.subarray(axis * length, (axis + 1) * length)].map(Number),
  )

describe('promptPositions', () => {
  it('counts words up on all axes, and images by their rows and columns', () => {
    const positions = promptPositions(11, [{ start: 2, rows: 2, columns: 3 }], { multimodal: true })
    expect(rows(positions.data, 11)).toEqual([
      [0, 1, 2, 2, 2, 2, 2, 2, 5, 6, 7],
      [0, 1, 2, 2, 2, 3, 3, 3, 5, 6, 7],
      [0, 1, 2, 3, 4, 2, 3, 4, 5, 6, 7],
    ])
    expect(positions.delta).toBe(-3)
  })

  it('knows no squares: one row of seven, and images side by side', () => {
    const spans = [
      { start: 0, rows: 1, columns: 7 },
      { start: 7, rows: 3, columns: 1 },
    ]
    const positions = promptPositions(11, spans, { multimodal: true })
    expect(rows(positions.data, 11)).toEqual([
      [0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 10],
      [0, 0, 0, 0, 0, 0, 0, 7, 8, 9, 10],
      [0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 10],
    ])
  })

  it('counts on behind the prompt', () => {
    const positions = promptPositions(11, [{ start: 2, rows: 2, columns: 3 }], { multimodal: true })
    expect(rows(positionsBetween(positions, 9, 13), 4)).toEqual([
      [6, 7, 8, 9],
      [6, 7, 8, 9],
      [6, 7, 8, 9],
    ])
    const plain = promptPositions(3, [], { multimodal: false })
    expect(rows(positionsBetween(plain, 1, 5), 4)).toEqual([[1, 2, 3, 4]])
  })
})
